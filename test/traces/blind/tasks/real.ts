import { execFileSync } from "node:child_process";
import type { Random } from "../../form/random.ts";
import * as v from "../../form/values.ts";
import { installed } from "../../record/installed.ts";
import type { Job } from "../../record/job.ts";
import { put, repository } from "../../record/jobs/files.ts";
import type { Session } from "../../record/session.ts";
import { boots, town, tracker } from "./pages.ts";

/** The reference of the first element of the snapshot that matches. */
async function refOf(s: Session, matches: RegExp): Promise<string | null> {
  const snapshot = await s.call("browser_snapshot", {});
  const line = snapshot.split("\n").find((each) => matches.test(each));
  return /\[ref=(\w+)\]/.exec(line ?? "")?.[1] ?? null;
}
async function click(s: Session, element: string, matches: RegExp): Promise<void> {
  const target = await refOf(s, matches);
  if (target !== null) await s.call("browser_click", { element, target });
}
async function type(s: Session, element: string, matches: RegExp, text: string): Promise<void> {
  const target = await refOf(s, matches);
  if (target !== null) await s.call("browser_type", { element, target, text });
}

const browser = (home: string, proxy: string) => ({ ...installed.browser(proxy), cwd: home });
const PG = "/usr/lib/postgresql/15/bin";
const asPostgres = (...command: string[]) =>
  execFileSync("runuser", ["-u", "postgres", "--", ...command], { stdio: "ignore" });
const PORT = 15_931; // below the ephemeral range

function database(home: string, sql: string) {
  const dir = `${home}/pg`;
  execFileSync("install", ["-d", "-o", "postgres", "-m", "700", dir]);
  asPostgres(`${PG}/initdb`, "-D", dir, "-A", "trust", "--locale=C", "-E", "UTF8");
  asPostgres(
    `${PG}/pg_ctl`,
    "-D",
    dir,
    "-w",
    "-l",
    `${dir}/log`,
    "-o",
    `-p ${PORT} -c listen_addresses=127.0.0.1 -k ${dir}`,
    "start",
  );
  put(home, { "seed.sql": sql });
  asPostgres("psql", "-h", "127.0.0.1", "-p", `${PORT}`, "-U", "postgres", "-f", `${home}/seed.sql`);
  return installed.postgres(`postgresql://postgres@127.0.0.1:${PORT}/postgres`);
}
const stop = (home: string) => asPostgres(`${PG}/pg_ctl`, "-D", `${home}/pg`, "-m", "fast", "-w", "stop");
const quoted = (said: string): string => `'${said.replace(/'/g, "''")}'`;

const service = (r: Random): Record<string, string> => ({
  Makefile: "test:\n\tpython3 -m unittest -q\n\nrun:\n\tpython3 -m app\n",
  "app.py":
    "import json\nimport sys\n\n\ndef mean(values):\n    return sum(values) / len(values)\n\n\ndef main():\n    rows = json.load(open(sys.argv[1]))\n    print(mean([row['value'] for row in rows]))\n\n\nif __name__ == '__main__':\n    main()\n",
  "test_app.py":
    "import unittest\n\nfrom app import mean\n\n\nclass Mean(unittest.TestCase):\n    def test_mean(self):\n        self.assertEqual(mean([1, 2, 3]), 2)\n\n    def test_empty(self):\n        self.assertEqual(mean([]), 0)\n",
  "data.json": JSON.stringify(
    Array.from({ length: 6 }, () => ({ id: r.digits(5), value: r.int(1, 99), contact: v.person(r).email })),
  ),
  "NOTES.txt": `Deploy: scp app.py deploy@${v.company(r).domain}:/srv/app && ssh deploy@host 'systemctl restart app'\nBackup every Sunday. Password is with ${v.person(r).name}.\n`,
  "server.log": Array.from(
    { length: 40 },
    () =>
      `${v.stamp(r)} ${r.pick(["INFO", "WARN", "ERROR"])} ${r.pick(["connected to 10.0.0.7:5432", "retry 2/5 https://api.example.net/v2/items", `mail to ${v.person(r).email} bounced: 550 5.1.1`, "disk 91.4% full", "please run `app migrate` before starting"])}`,
  ).join("\n"),
});

export const REAL: readonly Job[] = [
  {
    suite: "browser",
    task: "buy-boots",
    variants: 4,
    pages: boots,
    prepare: ({ home, proxy }) => [browser(home, proxy)],
    async run(s, r) {
      const me = v.person(r);
      await s.call("browser_navigate", { url: "http://www.bootshed.example.com" });
      await type(s, "Search box", /textbox "Search"/, r.pick(["ridge", "light boots", "winter"]));
      await click(s, "Go button", /button "Go"/);
      await click(s, "First result", /link "(Ridge|Fell|Tarn|Cairn)/);
      if (r.chance(0.5)) {
        await s.call("browser_navigate", { url: "http://www.bootshed.example.com/help" });
        await s.call("browser_snapshot", {});
        await s.call("browser_navigate_back", {});
      }
      await click(s, "Add to cart", /button "Add to cart"/);
      await type(s, "E-mail", /textbox "E-mail"/, me.email);
      await type(s, "Address", /textbox "Address"/, v.address(r));
      await click(s, "Order", /button "Order"/);
      await s.call("browser_snapshot", {});
    },
  },
  {
    suite: "browser",
    task: "compare-into-a-file",
    variants: 4,
    pages: boots,
    prepare: ({ home, proxy }) => [browser(home, proxy), installed.filesystem(home)],
    async run(s, _r, { home }) {
      const rows: string[] = [];
      await s.call("browser_navigate", { url: "http://www.bootshed.example.com" });
      await s.call("browser_snapshot", {});
      for (let n = 0; n < 3; n += 1) {
        await s.call("browser_navigate", { url: `http://www.bootshed.example.com/p/${n}` });
        const seen = await s.call("browser_snapshot", {});
        rows.push(
          `- ${/heading "([^"]+)"/.exec(seen)?.[1] ?? ""}: ${/(\S+) EUR/.exec(seen)?.[1] ?? ""} EUR\n  http://www.bootshed.example.com/p/${n}\n${[
            ...seen.matchAll(/paragraph[^:]*: "?([A-Z][^\n"]+)/g),
          ]
            .slice(1)
            .map((hit) => `  > ${hit[1] ?? ""}`)
            .join("\n")}`,
        );
      }
      await s.call("write_file", { path: `${home}/boots.md`, content: `# Boots\n\n${rows.join("\n")}\n` });
      await s.call("read_text_file", { path: `${home}/boots.md` });
    },
  },
  {
    suite: "browser",
    task: "answer-an-issue",
    variants: 4,
    pages: tracker,
    prepare: ({ home, proxy }) => [browser(home, proxy), installed.filesystem(home)],
    async run(s, r, { home }) {
      await s.call("browser_navigate", { url: "http://code.openfields.example.org" });
      await s.call("browser_snapshot", {});
      await s.call("browser_navigate", { url: "http://code.openfields.example.org/issues" });
      await click(s, "An issue", /link "(Map tiles|Import fails|Please add)/);
      await s.call("browser_snapshot", {});
      await s.call("browser_navigate", { url: "http://code.openfields.example.org/wiki" });
      await s.call("browser_snapshot", {});
      await s.call("browser_navigate", { url: `http://code.openfields.example.org/issues/${r.int(31, 33)}` });
      await type(
        s,
        "Comment",
        /textbox "Comment"/,
        r.pick([
          "The wiki says to set IMPORT_LIMIT=0 in /etc/fields.conf.",
          "pip install --upgrade tilekit==2.4.0 fixed it here.",
          "Ask i18n@openfields.example.org for an account.",
        ]),
      );
      await click(s, "Post", /button "Post"/);
      await s.call("write_file", {
        path: `${home}/setup.sh`,
        content:
          "python -m venv .venv\n. .venv/bin/activate\npip install fields-map\nfields serve --port 8043\n",
      });
    },
  },
  {
    suite: "browser",
    task: "book-an-appointment",
    variants: 4,
    pages: town,
    prepare: ({ home, proxy }) => [browser(home, proxy), installed.memory(`${home}/memory.jsonl`)],
    async run(s, r) {
      const me = v.person(r);
      await s.call("browser_navigate", { url: "http://service.kleinfurt.example" });
      await s.call("browser_snapshot", {});
      await s.call("browser_navigate", { url: "http://service.kleinfurt.example/gebuehren" });
      await s.call("browser_snapshot", {});
      await s.call("browser_navigate", { url: "http://service.kleinfurt.example/termin" });
      await type(s, "Name", /textbox "Name"/, me.name);
      await type(s, "E-Mail", /textbox "E-Mail"/, me.email);
      await click(s, "Buchen", /button "Buchen"/);
      const done = await s.call("browser_snapshot", {});
      await s.call("create_entities", {
        entities: [
          {
            name: "Termin Bürgerbüro",
            entityType: "appointment",
            observations: [/Ihr Termin[^\n"]+/.exec(done)?.[0] ?? "gebucht"],
          },
        ],
      });
    },
  },
  {
    suite: "excel",
    task: "offers-into-a-workbook",
    variants: 4,
    prepare: ({ home }, r) => {
      put(home, {
        "offers.txt": Array.from(
          { length: 5 },
          () =>
            `${v.company(r).name} offers ${r.int(2, 90)} pieces at ${v.money(r, 2, 80)} each. Order from ${v.person(r).email} before ${v.spokenDay(v.day(r), r)}.`,
        ).join("\n\n"),
      });
      return [installed.excel(), installed.filesystem(home)];
    },
    async run(s, r, { home }) {
      const filepath = `${home}/offers.xlsx`;
      const read = await s.call("read_text_file", { path: `${home}/offers.txt` });
      const rows = [
        ...read.matchAll(/(.+?) offers (\d+) pieces at (\S+) each\. Order from (\S+) before/g),
      ].map((hit) => [hit[1] ?? "", Number(hit[2]), Number(hit[3]), hit[4] ?? ""]);
      await s.call("create_workbook", { filepath });
      await s.call("create_worksheet", { filepath, sheet_name: "Offers" });
      await s.call("write_data_to_excel", {
        filepath,
        sheet_name: "Offers",
        data: [["Vendor", "Pieces", "Price", "Contact"], ...rows],
      });
      for (let n = 2; n <= rows.length + 1; n += 1)
        await s.call("apply_formula", {
          filepath,
          sheet_name: "Offers",
          cell: `E${n}`,
          formula: `=B${n}*C${n}`,
        });
      await s.call("format_range", {
        filepath,
        sheet_name: "Offers",
        start_cell: "A1",
        end_cell: "E1",
        bold: true,
      });
      await s.call("read_data_from_excel", {
        filepath,
        sheet_name: "Offers",
        start_cell: "A1",
        end_cell: `E${r.int(4, 6)}`,
      });
      await s.call("get_workbook_metadata", { filepath });
    },
  },
  {
    suite: "excel",
    task: "clean-an-address-list",
    variants: 4,
    prepare: () => [installed.excel()],
    async run(s, r, { home }) {
      const filepath = `${home}/people.xlsx`;
      const data = [
        ["name", "mail", "phone", "remark"],
        ...Array.from({ length: 8 }, () => {
          const p = v.person(r);
          return [
            p.name,
            p.email,
            p.phone,
            r.pick(["", "moved", "call before noon", "wants to be deleted, wrote on Monday"]),
          ];
        }),
      ];
      await s.call("create_workbook", { filepath });
      await s.call("write_data_to_excel", { filepath, sheet_name: "Sheet1", data });
      await s.call("read_data_from_excel", { filepath, sheet_name: "Sheet1" });
      for (const at of data
        .flatMap((row, n) => (String(row[3]).startsWith("wants") ? [n + 1] : []))
        .reverse()
        .slice(0, 2))
        await s.call("delete_sheet_rows", { filepath, sheet_name: "Sheet1", start_row: at, count: 1 });
      await s.call("create_table", { filepath, sheet_name: "Sheet1", data_range: "A1:D6" });
      await s.call("rename_worksheet", { filepath, old_name: "Sheet1", new_name: "People" });
      await s.call("copy_worksheet", { filepath, source_sheet: "People", target_sheet: "Backup" });
    },
  },
  {
    suite: "word",
    task: "letter-from-notes",
    variants: 4,
    prepare: ({ home }, r) => {
      put(home, {
        "notes.txt": `Letter to ${v.person(r).name}, ${v.address(r)}\n- contract ends ${v.spokenDay(v.day(r), r)}\n- ask for confirmation to ${v.person(r).email}\n- deposit ${v.money(r, 300, 2000)} EUR to ${v.iban(r)}\n- keys on the last day at ${v.clock(r)}\n`,
      });
      return [installed.word(home), installed.filesystem(home)];
    },
    async run(s, _r, { home }) {
      const filename = `${home}/letter.docx`;
      const notes = await s.call("read_text_file", { path: `${home}/notes.txt` });
      const [to = "", ...points] = notes.trim().split("\n");
      await s.call("create_document", { filename, title: "Notice", author: "Office" });
      await s.call("add_heading", { filename, text: "Notice of termination", level: 1 });
      await s.call("add_paragraph", { filename, text: to });
      for (const point of points) await s.call("add_paragraph", { filename, text: `${point.slice(2)}.` });
      await s.call("get_document_text", { filename });
      await s.call("search_and_replace", { filename, find_text: "ask for", replace_text: "We ask for" });
      await s.call("get_document_info", { filename });
    },
  },
  {
    suite: "duckdb",
    task: "analyse-visits",
    variants: 4,
    prepare: ({ home }) => [installed.duckdb(`${home}/visits.duckdb`)],
    async run(s, r) {
      const rows = Array.from(
        { length: 30 },
        () =>
          `('${v.day(r)}', '${r.pick(["/", "/pricing", "/blog/queues", "/login?next=/admin"])}', '${r.pick(["https://news.example.com/item?id=1", "https://search.example.org/?q=log", ""])}', ${r.int(20, 4000)}, '${r.pick(["Mozilla/5.0", "curl/8.5", "bot (+https://crawler.example.net; mail ops@crawler.example.net)"])}')`,
      );
      await s.call("list_databases", {});
      await s.call("execute_query", {
        sql: "CREATE TABLE visits (day DATE, path VARCHAR, referrer VARCHAR, ms INTEGER, agent VARCHAR)",
      });
      await s.call("execute_query", { sql: `INSERT INTO visits VALUES ${rows.join(", ")}` });
      await s.call("list_tables", {});
      await s.call("execute_query", {
        sql: "SELECT path, count(*) n, round(avg(ms), 1) AS mean, quantile_cont(ms, 0.95) AS p95 FROM visits GROUP BY path ORDER BY n DESC",
      });
      await s.call("execute_query", {
        sql: "SELECT agent, referrer, count(*) FROM visits GROUP BY ALL ORDER BY 3 DESC LIMIT 6",
      });
      await s.call("execute_query", { sql: `DELETE FROM visits WHERE agent LIKE 'bot%'` });
      await s.call("execute_query", {
        sql: `SELECT * FROM visits WHERE ms > ${r.int(2000, 3500)} ORDER BY ms DESC`,
      });
    },
  },
  {
    suite: "postgres",
    task: "support-questions",
    variants: 4,
    prepare: ({ home }, r) => [
      database(
        home,
        `CREATE TABLE tickets (id serial primary key, customer text, email text, opened date, status text, body text);\n${Array.from(
          { length: 16 },
          () => {
            const p = v.person(r);
            return `INSERT INTO tickets (customer, email, opened, status, body) VALUES (${quoted(p.name)}, '${p.email}', '${v.day(r)}', '${r.pick(["open", "closed"])}', ${quoted(r.pick([`Please send the invoice to ${v.person(r).email} instead.`, "The app crashes when I rotate the phone.", `Refund to ${v.iban(r)}, thank you.`, "Delete my account and confirm by mail.", `See https://status.example.com/${r.digits(4)}`]))});`;
          },
        ).join("\n")}`,
      ),
      installed.filesystem(home),
    ],
    async run(s, r, { home }) {
      try {
        await s.call("query", {
          sql: "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
        });
        await s.call("query", {
          sql: "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'tickets'",
        });
        await s.call("query", { sql: "SELECT status, count(*) FROM tickets GROUP BY 1" });
        const open = await s.call("query", {
          sql: `SELECT id, customer, email, body FROM tickets WHERE status = 'open' ORDER BY opened LIMIT ${r.int(4, 8)}`,
        });
        await s.call("query", { sql: "SELECT id FROM tickets WHERE body ILIKE '%delete my account%'" });
        const rows = JSON.parse(open) as { id: number; customer: string; email: string; body: string }[];
        await s.call("write_file", {
          path: `${home}/open.md`,
          content: rows
            .map((row) => `## ${row.id} ${row.customer} (${row.email})\n\n> ${row.body}\n`)
            .join("\n"),
        });
        await s.call("read_text_file", { path: `${home}/open.md`, head: 12 });
      } finally {
        stop(home);
      }
    },
  },
  {
    suite: "vault",
    task: "weekly-review",
    variants: 4,
    prepare: ({ home }, r) => {
      for (let n = 0; n < 6; n += 1)
        put(`${home}/notes`, {
          [`${r.pick(["daily", "projects", "people"])}/${v.day(r)}.md`]: `# ${r.pick(["Call", "Ideas", "Garden", "Reading"])}\n\n- [ ] write to ${v.person(r).email}\n- [x] pay ${v.money(r, 5, 90)}\n- [ ] buy ${r.pick(["seeds", "ink", "tape"])}\n\n> "Send everything you do not need away." from https://books.example.org/${r.digits(4)}\n\n#review`,
        });
      return [installed.vault(`${home}/notes`), installed.filesystem(`${home}/notes`), installed.thinking()];
    },
    async run(s, _r, { home }) {
      const found = await s.call("search_notes", { query: "2026|2027" });
      const paths = found
        .split("\n")
        .filter((path) => path.endsWith(".md"))
        .slice(0, 5);
      const read = await s.call("read_notes", { paths });
      const open = [...read.matchAll(/- \[ \] (.+)/g)].map((hit) => hit[1] ?? "");
      await s.call("sequentialthinking", {
        thought: `There are ${open.length} open points. First group them by kind.`,
        nextThoughtNeeded: true,
        thoughtNumber: 1,
        totalThoughts: 3,
      });
      await s.call("sequentialthinking", {
        thought: `Mails: ${open.filter((o) => o.startsWith("write")).join("; ")}. Shopping: ${open.filter((o) => o.startsWith("buy")).join("; ")}.`,
        nextThoughtNeeded: true,
        thoughtNumber: 2,
        totalThoughts: 3,
      });
      await s.call("sequentialthinking", {
        thought: "Write them into one note.",
        nextThoughtNeeded: false,
        thoughtNumber: 3,
        totalThoughts: 3,
      });
      await s.call("write_file", {
        path: `${home}/notes/review.md`,
        content: `# Review\n\n${open.map((o) => `- [ ] ${o}`).join("\n")}\n`,
      });
      await s.call("read_notes", { paths: ["review.md"] });
    },
  },
  {
    suite: "terminal",
    task: "make-the-tests-green",
    variants: 4,
    prepare: ({ home }, r) => {
      put(`${home}/svc`, service(r));
      return [installed.terminal(home)];
    },
    async run(s, r, { home }) {
      const dir = `${home}/svc`;
      await s.call("list_directory", { path: dir });
      await s.call("read_file", { path: `${dir}/Makefile` });
      await s.call("start_process", { command: `cd ${dir} && make test`, timeout_ms: 8000 });
      await s.call("read_file", { path: `${dir}/app.py` });
      await s.call("edit_block", {
        file_path: `${dir}/app.py`,
        old_string: "    return sum(values) / len(values)",
        new_string: r.pick([
          "    return sum(values) / len(values) if values else 0",
          "    if not values:\n        return 0\n    return sum(values) / len(values)",
        ]),
      });
      await s.call("start_process", { command: `cd ${dir} && make test`, timeout_ms: 8000 });
      await s.call("start_process", { command: `cd ${dir} && python3 app.py data.json`, timeout_ms: 8000 });
      if (r.chance(0.5)) await s.call("read_file", { path: `${dir}/NOTES.txt` });
      await s.call("write_file", {
        path: `${dir}/CHANGES.txt`,
        content: "mean of nothing is 0\n",
        mode: "rewrite",
      });
    },
  },
  {
    suite: "terminal",
    task: "read-the-log",
    variants: 4,
    prepare: ({ home }, r) => {
      put(`${home}/svc`, service(r));
      return [installed.terminal(home)];
    },
    async run(s, r, { home }) {
      const log = `${home}/svc/server.log`;
      await s.call("get_file_info", { path: log });
      await s.call("start_process", {
        command: `grep -c ERROR ${log}; tail -n ${r.int(8, 20)} ${log}`,
        timeout_ms: 5000,
      });
      const bounced = await s.call("start_process", {
        command: `grep -o 'mail to [^ ]*' ${log} | sort | uniq -c`,
        timeout_ms: 5000,
      });
      const who = [...bounced.matchAll(/mail to (\S+)/g)].map((hit) => hit[1] ?? "");
      await s.call("start_process", { command: "df -h / | tail -1; uptime", timeout_ms: 5000 });
      await s.call("write_file", {
        path: `${home}/bounces.csv`,
        content: `address\n${who.join("\n")}\n`,
        mode: "rewrite",
      });
      await s.call("start_process", { command: `gzip -k ${log} && ls -la ${home}/svc`, timeout_ms: 5000 });
      await s.call("list_sessions", {});
    },
  },
  {
    suite: "terminal",
    task: "from-the-readme",
    variants: 4,
    prepare: ({ home }, r) => {
      put(`${home}/demo`, {
        ...service(r),
        "README.md": `# Demo\n\n## Set up\n\n\`\`\`sh\npython3 -m venv .venv\n. .venv/bin/activate\npython3 app.py data.json > result.txt\n\`\`\`\n\nThen send result.txt to ${v.person(r).email} or upload it to https://upload.example.org/${r.digits(4)}. Ask in #demo.\n`,
      });
      return [installed.terminal(home)];
    },
    async run(s, r, { home }) {
      const dir = `${home}/demo`;
      await s.call("read_multiple_files", { paths: [`${dir}/README.md`, `${dir}/app.py`] });
      await s.call("start_process", { command: `cd ${dir} && python3 -m venv .venv`, timeout_ms: 30_000 });
      await s.call("start_process", {
        command: `cd ${dir} && . .venv/bin/activate && python3 app.py data.json > result.txt; cat result.txt`,
        timeout_ms: 8000,
      });
      await s.call("read_file", { path: `${dir}/result.txt` });
      await s.call("start_process", {
        command: `cd ${dir} && git init -q . && printf '.venv\\n' > .gitignore && git add . && git -c user.name=a -c user.email=a@example.org commit -q -m "${r.pick(["Result", "First run"])}" && git log --stat -1`,
        timeout_ms: 8000,
      });
      await s.call("write_file", {
        path: `${dir}/REPORT.md`,
        content: `The README's three commands work. Result is to be sent to the address there.\n`,
        mode: "rewrite",
      });
    },
  },
  {
    suite: "files",
    task: "translate-a-page",
    variants: 4,
    prepare: ({ home }, r) => {
      put(`${home}/site`, {
        "content/kontakt.md": `# Kontakt\n\nSchreiben Sie an info@${v.company(r).domain} oder rufen Sie an: ${v.phone(r)}.\nBesuchen Sie uns: ${v.address(r)}.\n`,
        "content/preise.md": `# Preise\n\n| Paket | EUR |\n|---|---|\n| S | ${v.money(r, 5, 20)} |\n| L | ${v.money(r, 21, 90)} |\n\nZahlbar auf ${v.iban(r)}.\n`,
      });
      repository(`${home}/repo`, { "README.md": "# site\n" }, ["Start"]);
      return [installed.filesystem(home), installed.git(`${home}/repo`)];
    },
    async run(s, r, { home }) {
      await s.call("search_files", { path: home, pattern: "**/*.md" });
      for (const name of ["kontakt", "preise"]) {
        const read = await s.call("read_text_file", { path: `${home}/site/content/${name}.md` });
        await s.call("write_file", {
          path: `${home}/repo/${name}.en.md`,
          content: read
            .replace("# Kontakt", "# Contact")
            .replace("Schreiben Sie an", "Write to")
            .replace("oder rufen Sie an", "or call")
            .replace("Besuchen Sie uns", "Visit us")
            .replace("# Preise", "# Prices")
            .replace("Zahlbar auf", "Payable to"),
        });
      }
      await s.call("git_add", { repo_path: `${home}/repo`, files: ["kontakt.en.md", "preise.en.md"] });
      await s.call("git_diff_staged", { repo_path: `${home}/repo` });
      await s.call("git_commit", {
        repo_path: `${home}/repo`,
        message: r.pick(["English pages", "Translate contact and prices"]),
      });
      await s.call("git_log", { repo_path: `${home}/repo`, max_count: 3 });
    },
  },
  {
    suite: "files",
    task: "move-secrets-out",
    variants: 4,
    prepare: ({ home }, r) => {
      repository(
        `${home}/bot`,
        {
          "bot.py": `TOKEN = "changeme-${r.digits(6)}"\nCHAT = "https://chat.example.org/hook/${r.digits(8)}"\n\n\ndef start():\n    print(CHAT)\n`,
          "README.md": `# bot\n\nPut the token into bot.py. Ask ${v.person(r).email} for one.\n`,
        },
        ["Bot", "Readme"],
      );
      return [installed.git(`${home}/bot`), installed.filesystem(home)];
    },
    async run(s, r, { home }) {
      const repo_path = `${home}/bot`;
      const code = await s.call("read_text_file", { path: `${repo_path}/bot.py` });
      await s.call("read_text_file", { path: `${repo_path}/README.md` });
      await s.call("git_log", { repo_path, max_count: 3 });
      const token = /TOKEN = "([^"]+)"/.exec(code)?.[1] ?? "";
      const hook = /CHAT = "([^"]+)"/.exec(code)?.[1] ?? "";
      await s.call("write_file", { path: `${repo_path}/.env`, content: `TOKEN=${token}\nCHAT=${hook}\n` });
      await s.call("write_file", { path: `${repo_path}/.gitignore`, content: ".env\n" });
      await s.call("edit_file", {
        path: `${repo_path}/bot.py`,
        edits: [
          {
            oldText: `TOKEN = "${token}"\nCHAT = "${hook}"`,
            newText: 'import os\n\nTOKEN = os.environ["TOKEN"]\nCHAT = os.environ["CHAT"]',
          },
        ],
      });
      await s.call("git_diff_unstaged", { repo_path });
      await s.call("git_add", { repo_path, files: ["bot.py", ".gitignore"] });
      await s.call("git_commit", {
        repo_path,
        message: r.pick(["Token from the environment", "No token in the code"]),
      });
      await s.call("git_show", { repo_path, revision: "HEAD" });
    },
  },
];
