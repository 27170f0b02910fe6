/** Writes `verifier.html`: the page as one file, with all it needs inside. `npx node packages/verify/page/build.ts` */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const file = (name: string): URL => new URL(name, import.meta.url);

/** The page's text: the same for the same sources. */
export async function pageHtml(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file("page.ts"))],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
    charset: "ascii", // an editor or a mailer can't spoil it
    legalComments: "inline",
    plugins: [withoutLocales],
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error("esbuild made no file");
  const parts = {
    script: script.text.trim().replaceAll("</script", "<\\/script"),
    style: readFileSync(file("page.css"), "utf8").trim(),
  };
  const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(parts.script)}`,
    `style-src ${hashOf(parts.style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
  // As functions: what is put in has dollar signs.
  return readFileSync(file("page.html"), "utf8")
    .replace("the policy", () => policy)
    .replace("/* style */", () => parts.style)
    .replace("/* script */", () => parts.script);
}

/** zod's messages in all languages are half of the page, and none of them is shown. */
const withoutLocales: Plugin = {
  name: "without-locales",
  setup({ onLoad }) {
    onLoad({ filter: /zod[/]v4[/]locales[/]index\.js$/ }, () => ({ contents: "export {};" }));
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(file("verifier.html"), await pageHtml());
  console.log("wrote packages/verify/page/verifier.html");
}
