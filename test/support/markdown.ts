import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const ROOT = new URL("../..", import.meta.url).pathname;

export interface MarkdownFile {
  /** From the root, e.g. `docs/operate.md`. */
  path: string;
  text: string;
}

export interface Block {
  file: string;
  /** As written after the fence: sh, yaml, json, ts, text. */
  language: string;
  text: string;
}

/** Every Markdown file of the repository. */
export function markdownFiles(): MarkdownFile[] {
  const paths = globSync(["*.md", "{bench,docs,infra,packages,services,test}/**/*.md"], {
    cwd: ROOT,
    exclude: (path) => /(^|\/)(node_modules|venv)(\/|$)/.test(path), // what package managers put there
  });
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** The fenced blocks of a file, in order. */
export function blocksOf(file: MarkdownFile): Block[] {
  return [...file.text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({
    file: file.path,
    language,
    text,
  }));
}

/** The commands of `sh` blocks: a line that ends with a backslash goes on in the next. */
export function shellLines(file: MarkdownFile): string[] {
  const text = blocksOf(file)
    .filter((block) => block.language === "sh")
    .map((block) => block.text.replaceAll("\\\n", " "))
    .join("");
  return text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

/** Code between single backticks, outside of blocks. */
export function inlineCode(file: MarkdownFile): string[] {
  return [...withoutBlocks(file.text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** The links of a file that lead nowhere: to a path that is not there, or to a heading that a page does not have. */
export function brokenLinks(file: MarkdownFile, exists: (path: string) => boolean): string[] {
  const prose = withoutBlocks(file.text).replaceAll(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [to = "", anchor] = target.split("#");
    const path = to === "" ? file.path : normalize(join(dirname(file.path), to));
    if (!exists(join(ROOT, path))) return true;
    if (anchor === undefined) return false;
    return !anchorsOf(readFileSync(join(ROOT, path), "utf8")).includes(anchor);
  });
}

/** The ids that GitHub gives a page's headings. */
function anchorsOf(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ +(.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "");
}
