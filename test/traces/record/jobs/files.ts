import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Random } from "../../form/random.ts";
import * as v from "../../form/values.ts";
import { installed } from "../installed.ts";
import type { Job } from "../job.ts";

export function put(home: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(`${home}/${path}`), { recursive: true });
    writeFileSync(`${home}/${path}`, content);
  }
}

export function repository(
  home: string,
  files: Readonly<Record<string, string>>,
  messages: readonly string[],
): void {
  const git = (...args: string[]) =>
    execFileSync(
      "git",
      ["-c", "user.name=Dana Ortega", "-c", "user.email=dana@example.org", "-C", home, ...args],
      { stdio: "ignore" },
    );
  mkdirSync(home, { recursive: true });
  git("init", "-q", "-b", "main");
  git("config", "user.name", "Dana Ortega");
  git("config", "user.email", "dana@example.org");
  const entries = Object.entries(files);
  entries.forEach(([path, content], n) => {
    put(home, { [path]: content });
    git("add", path);
    git("commit", "-q", "-m", messages[n] ?? `Add ${path}`);
  });
}

const minutes = (r: Random): string =>
  `# Minutes ${v.day(r)}\n\nPresent: ${v.person(r).name}, ${v.person(r).name}, ${v.person(r).name}\n\n## Decisions\n- We move the release to ${v.spokenDay(v.day(r), r)}.\n- ${v.person(r).first} talks to ${v.company(r).name} about the price (${v.money(r, 900, 9000)} EUR).\n- Send the summary to ${v.person(r).email} and to the list team@example.org.\n\n## Open\n1. Who takes over support? Phone ${v.phone(r)}.\n2. Link to the draft: https://docs.example.org/d/${r.digits(6)}\n`;

const project = (r: Random): Record<string, string> => ({
  "README.md": `# ${r.pick(["weather-cli", "todo-api", "csv2json"])}\n\n## Setup\n\n    npm install\n    npm test\n\nThe API key comes from https://console.example.com/keys. Ask ops@example.com for access.\n`,
  "src/index.js": `import { parse } from "./parse.js";\n\nexport function main(argv) {\n  const options = parse(argv);\n  // FIXME: endpoint is hard coded\n  return fetch("https://api.example.com/v1/items?limit=" + options.limit);\n}\n`,
  "src/parse.js": `export function parse(argv) {\n  const limit = argv[0];\n  return { limit };\n}\n`,
  "test/parse.test.js": `import { parse } from "../src/parse.js";\nimport { test } from "node:test";\nimport assert from "node:assert";\n\ntest("limit", () => assert.equal(parse(["5"]).limit, 5));\n`,
  "docs/CHANGELOG.md": `## 1.2.0\n- limit option\n\n## 1.1.3\n- fix crash, see issue #${r.int(3, 80)}\n`,
});

export const FILES: readonly Job[] = [
  {
    suite: "filesystem",
    task: "summarise-minutes",
    variants: 4,
    prepare({ home }, r) {
      for (let n = 1; n <= 5; n += 1) put(home, { [`meetings/2026-1${n % 2}-0${n}.md`]: minutes(r) });
      return [installed.filesystem(home)];
    },
    async run(s, r, { home }) {
      await s.call("list_allowed_directories");
      await s.call("list_directory", { path: `${home}/meetings` });
      const read: string[] = [];
      for (let n = 1; n <= 5; n += 1)
        read.push(await s.call("read_text_file", { path: `${home}/meetings/2026-1${n % 2}-0${n}.md` }));
      const todo = read.flatMap((page) => page.split("\n").filter((line) => /^- |^\d\. /.test(line)));
      await s.call("create_directory", { path: `${home}/summaries` });
      await s.call("write_file", {
        path: `${home}/summaries/autumn.md`,
        content: `# Summary\n\n${todo.join("\n")}\n`,
      });
      await s.call("read_text_file", { path: `${home}/summaries/autumn.md`, head: r.int(3, 12) });
      await s.call("edit_file", {
        path: `${home}/summaries/autumn.md`,
        edits: [{ oldText: "# Summary", newText: "# Summary of the autumn meetings" }],
      });
    },
  },
  {
    suite: "filesystem",
    task: "fix-the-parser",
    variants: 3,
    prepare({ home }, r) {
      put(`${home}/app`, project(r));
      return [installed.filesystem(home)];
    },
    async run(s, _r, { home }) {
      await s.call("directory_tree", { path: `${home}/app` });
      await s.call("read_text_file", { path: `${home}/app/README.md` });
      await s.call("read_multiple_files", {
        paths: ["src/index.js", "src/parse.js", "test/parse.test.js"].map((f) => `${home}/app/${f}`),
      });
      await s.call("edit_file", {
        path: `${home}/app/src/parse.js`,
        edits: [
          {
            oldText: "const limit = argv[0];",
            newText: 'const limit = Number.parseInt(argv[0] ?? "10", 10);',
          },
        ],
      });
      await s.call("edit_file", {
        path: `${home}/app/src/index.js`,
        edits: [
          {
            oldText:
              '  // FIXME: endpoint is hard coded\n  return fetch("https://api.example.com/v1/items?limit=" + options.limit);',
            newText:
              // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source file
              '  const base = process.env.API_URL ?? "https://api.example.com/v1/items";\n  return fetch(`${base}?limit=${options.limit}`);',
          },
        ],
      });
      await s.call("read_text_file", { path: `${home}/app/src/index.js` });
      await s.call("read_text_file", { path: `${home}/app/docs/CHANGELOG.md` });
      await s.call("edit_file", {
        path: `${home}/app/docs/CHANGELOG.md`,
        edits: [
          {
            oldText: "## 1.2.0",
            newText: "## 1.2.1\n- limit is a number; API_URL overrides the endpoint\n\n## 1.2.0",
          },
        ],
      });
    },
  },
  {
    suite: "filesystem",
    task: "sort-downloads",
    variants: 4,
    prepare({ home }, r) {
      for (let n = 0; n < 7; n += 1)
        put(home, {
          [`Downloads/${r.pick(["invoice", "scan", "letter", "photo", "notes"])}-${r.digits(4)}.txt`]: `${v.company(r).name}\n${v.address(r)}\n\nInvoice ${r.digits(6)}\nAmount due: ${v.money(r, 9, 900)} EUR until ${v.day(r)}\nPlease transfer to ${v.iban(r)}. For questions: billing@${v.company(r).domain}\n`,
        });
      return [installed.filesystem(home)];
    },
    async run(s, _r, { home }) {
      const listed = await s.call("list_directory_with_sizes", { path: `${home}/Downloads` });
      const names = [...listed.matchAll(/\[FILE\] (\S+)/g)].map((hit) => hit[1] ?? "");
      await s.call("create_directory", { path: `${home}/Invoices` });
      const rows: string[] = [];
      for (const name of names) {
        const content = await s.call("read_text_file", { path: `${home}/Downloads/${name}` });
        if (!name.startsWith("invoice") && !name.startsWith("scan")) continue;
        await s.call("move_file", {
          source: `${home}/Downloads/${name}`,
          destination: `${home}/Invoices/${name}`,
        });
        rows.push(
          `${name};${/due: (\S+)/.exec(content)?.[1] ?? ""};${/until (\S+)/.exec(content)?.[1] ?? ""};${/to (\w+)\./.exec(content)?.[1] ?? ""}`,
        );
      }
      await s.call("write_file", {
        path: `${home}/Invoices/overview.csv`,
        content: `file;amount;due;iban\n${rows.join("\n")}\n`,
      });
      await s.call("search_files", { path: home, pattern: "**/*.csv" });
    },
  },
  {
    suite: "git",
    task: "fix-and-commit",
    variants: 4,
    prepare({ home }, r) {
      repository(`${home}/app`, project(r), [
        "Start",
        `Parse arguments\n\nReported by ${v.person(r).email}`,
        "Limit",
        "Test",
        "Changelog",
      ]);
      return [installed.git(`${home}/app`), installed.filesystem(home)];
    },
    async run(s, r, { home }) {
      const repo_path = `${home}/app`;
      const branch = r.pick(["fix-limit", "number-limit", "parse-int"]);
      await s.call("git_status", { repo_path });
      await s.call("git_log", { repo_path, max_count: 5 });
      await s.call("read_text_file", { path: `${repo_path}/test/parse.test.js` });
      await s.call("git_create_branch", { repo_path, branch_name: branch });
      await s.call("git_checkout", { repo_path, branch_name: branch });
      await s.call("edit_file", {
        path: `${repo_path}/src/parse.js`,
        edits: [{ oldText: "argv[0]", newText: "Number(argv[0])" }],
      });
      await s.call("git_diff_unstaged", { repo_path });
      await s.call("git_add", { repo_path, files: ["src/parse.js"] });
      await s.call("git_commit", {
        repo_path,
        message: r.pick(["Parse the limit as a number", "limit: a number, not a string"]),
      });
      await s.call("git_show", { repo_path, revision: "HEAD" });
      await s.call("git_log", { repo_path, max_count: 2 });
    },
  },
  {
    suite: "git",
    task: "release-notes-from-history",
    variants: 3,
    prepare({ home }, r) {
      const files = Object.fromEntries(
        Array.from({ length: 8 }, (_, n) => [
          `src/part${n}.js`,
          `export const part = ${n};\n// see https://docs.example.com/part/${r.digits(3)}\n`,
        ]),
      );
      repository(
        `${home}/lib`,
        files,
        Array.from(
          { length: 8 },
          () =>
            `${r.pick(["fix", "feat", "docs", "chore"])}: ${r.pick(["retry uploads", "new option --quiet", "correct the example", "raise the limit to 250"])}\n\nCo-authored-by: ${v.person(r).name} <${v.person(r).email}>`,
        ),
      );
      return [installed.git(`${home}/lib`), installed.filesystem(home)];
    },
    async run(s, _r, { home }) {
      const repo_path = `${home}/lib`;
      const log = await s.call("git_log", { repo_path, max_count: 8 });
      for (let n = 0; n < 3; n += 1) await s.call("git_show", { repo_path, revision: `HEAD~${n}` });
      const titles = [...log.matchAll(/((?:fix|feat|docs|chore): [^\n]+)/g)].map((hit) => hit[1] ?? "");
      await s.call("write_file", {
        path: `${repo_path}/RELEASE.md`,
        content: `# Release\n\n${titles.map((t) => `- ${t}`).join("\n")}\n\nThanks to ${[...log.matchAll(/Co-authored-by: ([^<\n]+)/g)].map((hit) => hit[1]?.trim()).join(", ")}\n`,
      });
      await s.call("git_add", { repo_path, files: ["RELEASE.md"] });
      await s.call("git_commit", { repo_path, message: "Release notes" });
      await s.call("git_status", { repo_path });
    },
  },
  {
    suite: "sqlite",
    task: "sales-questions",
    variants: 4,
    prepare({ home }) {
      return [installed.sqlite(`${home}/shop.db`)];
    },
    async run(s, r) {
      await s.call("list_tables");
      await s.call("create_table", {
        query:
          "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, email TEXT, amount REAL, placed TEXT, remark TEXT)",
      });
      const rows = Array.from({ length: 14 }, () => {
        const p = v.person(r);
        return `('${p.name.replace(/'/g, "")}', '${p.email}', ${v.money(r, 5, 400)}, '${v.day(r)}', '${r.pick(["", "please call before delivery", "invoice to accounting@example.com", "gift for a friend, send no paper"])}')`;
      });
      await s.call("write_query", {
        query: `INSERT INTO orders (customer, email, amount, placed, remark) VALUES ${rows.join(", ")}`,
      });
      await s.call("describe_table", { table_name: "orders" });
      await s.call("read_query", { query: "SELECT * FROM orders ORDER BY amount DESC LIMIT 5" });
      await s.call("read_query", {
        query:
          "SELECT substr(placed, 1, 7) AS month, count(*) AS n, round(sum(amount), 2) AS total FROM orders GROUP BY 1",
      });
      await s.call("read_query", { query: "SELECT customer, email, remark FROM orders WHERE remark <> ''" });
      await s.call("append_insight", {
        insight: `A few orders carry remarks, ${r.int(1, 4)} of them concern invoices.`,
      });
      await s.call("write_query", {
        query: `UPDATE orders SET remark = 'called' WHERE id = ${r.int(1, 14)}`,
      });
    },
  },
  {
    suite: "memory",
    task: "remember-people",
    variants: 4,
    prepare({ home }) {
      return [installed.memory(`${home}/memory.jsonl`)];
    },
    async run(s, r) {
      const people = Array.from({ length: 3 }, () => v.person(r));
      const firm = v.company(r);
      await s.call("read_graph");
      await s.call("create_entities", {
        entities: [
          ...people.map((p) => ({
            name: p.name,
            entityType: "person",
            observations: [
              `mail ${p.email}`,
              `phone ${p.phone}`,
              r.pick([
                "likes short mails",
                "asks to be called before noon",
                "wants invoices sent to the assistant",
              ]),
            ],
          })),
          { name: firm.name, entityType: "company", observations: [`site https://${firm.domain}`] },
        ],
      });
      await s.call("create_relations", {
        relations: people.map((p) => ({ from: p.name, to: firm.name, relationType: "works at" })),
      });
      await s.call("search_nodes", { query: people[0]?.first ?? "" });
      await s.call("open_nodes", { names: [people[1]?.name ?? "", firm.name] });
      await s.call("add_observations", {
        observations: [
          { entityName: people[1]?.name, contents: [`meeting on ${v.day(r)} at ${v.clock(r)}`] },
        ],
      });
      await s.call("delete_observations", {
        deletions: [{ entityName: people[0]?.name, observations: [`phone ${people[0]?.phone ?? ""}`] }],
      });
      await s.call("read_graph");
    },
  },
];
