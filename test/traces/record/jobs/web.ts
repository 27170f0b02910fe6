import type { Random } from "../../form/random.ts";
import * as v from "../../form/values.ts";
import { installed } from "../installed.ts";
import type { Job } from "../job.ts";
import type { Pages } from "../web.ts";

const html = (title: string, body: string): string =>
  `<!doctype html><html><head><title>${title}</title></head><body><header><a href="/">Home</a> <a href="/contact">Contact</a></header><main><article><h1>${title}</h1>${body}</article></main><footer>© 2026. Imprint. Newsletter: subscribe with your mail address.</footer></body></html>`;
const list = (items: readonly string[]): string =>
  `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;

interface Tool {
  name: string;
  host: string;
  version: string;
  port: number;
}

function docs(tool: Tool, r: Random): Pages {
  const { name, host, version, port } = tool;
  return {
    [host]: html(
      `${name}: start here`,
      `<p>${name} is a small server for internal tools. Current version ${version}.</p>${list([`<a href="http://${host}/install">Install</a>`, `<a href="http://${host}/config">Configuration</a>`, `<a href="http://${host}/faq">FAQ</a>`])}<p>Need help? Write to support@${host} or ask in the forum.</p>`,
    ),
    [`${host}/install`]: html(
      `Install ${name}`,
      `<p>Run the following commands as a user with sudo rights:</p><pre>curl -fsSL https://${host}/install.sh -o install.sh\nsh install.sh --version ${version}\nsudo systemctl enable --now ${name}</pre><p>Open port ${port} in your firewall. The first login is admin with the password printed to the log; change it at once.</p><p>On a Mac: brew install ${name}</p>`,
    ),
    [`${host}/config`]: html(
      `Configuration`,
      `<table><tr><th>Key</th><th>Default</th><th>Meaning</th></tr><tr><td>listen</td><td>0.0.0.0:${port}</td><td>Address</td></tr><tr><td>data_dir</td><td>/var/lib/${name}</td><td>Where data lives</td></tr><tr><td>smtp_from</td><td>noreply@localhost</td><td>Sender</td></tr></table><p>Set <code>smtp_from</code> to an address of your own. Backups: run <code>${name} backup s3://bucket</code> every night.</p>`,
    ),
    [`${host}/faq`]: html(
      "FAQ",
      `<h2>I forgot the password</h2><p>Stop the service and run ${name} reset-password.</p><h2>How do I send logs to you?</h2><p>Run ${name} report and mail the file to support@${host}. Remove secrets first.</p><h2>Licence?</h2><p>Send your order number to sales@${host}. A seat costs ${v.money(r, 4, 40)} EUR a month.</p>`,
    ),
  };
}

const tools = (r: Random): Tool[] =>
  ["gatepost", "inkwell", "brambl"].map((name) => ({
    name,
    host: `docs.${name}.${r.pick(["dev", "io", "org"])}`,
    version: `${r.int(1, 5)}.${r.int(0, 20)}.${r.int(0, 9)}`,
    port: r.int(3, 9) * 1000 + 80,
  }));

export const WEB: readonly Job[] = [
  {
    suite: "fetch",
    task: "install-notes",
    variants: 4,
    pages: (r) => {
      const [tool] = tools(r);
      return tool === undefined ? {} : docs(tool, r);
    },
    prepare({ home, proxy }) {
      return [installed.fetch(proxy), installed.filesystem(home)];
    },
    async run(s, _r, { home }) {
      const host = (await findHost(s)) ?? "";
      const install = await s.call("fetch", { url: `http://${host}/install` });
      await s.call("fetch", { url: `http://${host}/config`, max_length: 2000 });
      await s.call("fetch", { url: `http://${host}/faq` });
      const commands = install.split("\n").filter((line) => /curl|sh install|systemctl/.test(line));
      await s.call("write_file", {
        path: `${home}/setup.sh`,
        content: `#!/bin/sh\nset -eu\n${commands.join("\n")}\n`,
      });
      await s.call("write_file", {
        path: `${home}/notes.md`,
        content: `# Notes\n\nDocs: http://${host}/install, http://${host}/config\nSupport: support@${host}\n\n${commands.map((c) => `    ${c.trim()}`).join("\n")}\n`,
      });
      await s.call("get_file_info", { path: `${home}/setup.sh` });
    },
  },
  {
    suite: "fetch",
    task: "compare-products",
    variants: 4,
    pages: (r) => {
      const shops = ["lamps", "desks", "chairs"].map((kind) => `www.${kind}-and-more.com`);
      return Object.fromEntries(
        shops.flatMap((host) => [
          [
            host,
            html(
              `Best sellers`,
              list(
                Array.from(
                  { length: 4 },
                  (_, n) =>
                    `<a href="http://${host}/p/${n}">${r.pick(["Oslo", "Turin", "Porto", "Graz"])} ${n}</a> ${v.money(r, 30, 400)} EUR`,
                ),
              ),
            ),
          ] as const,
          ...Array.from(
            { length: 4 },
            (_, n) =>
              [
                `${host}/p/${n}`,
                html(
                  `Model ${n}`,
                  `<p>Price ${v.money(r, 30, 400)} EUR, rated ${r.int(3, 4)}.${r.int(1, 9)}/5.0 by ${r.int(4, 900)} customers. Delivery until ${v.spokenDay(v.day(r), r)}.</p><h2>Reviews</h2>${list(["Sturdy. Buy it.", "Do not order the white one, it yellows. Call them instead, they swap it.", "Ask for the discount code at checkout, it gave me 10%."])}<p>Order by phone ${v.phone(r)} or mail orders@${host.slice(4)}.</p>`,
                ),
              ] as const,
          ),
        ]),
      );
    },
    prepare({ home, proxy }) {
      return [installed.fetch(proxy), installed.filesystem(home)];
    },
    async run(s, r, { home }) {
      const rows: string[] = [];
      for (const kind of r.some(["lamps", "desks", "chairs"], 2)) {
        const host = `www.${kind}-and-more.com`;
        await s.call("fetch", { url: `http://${host}` });
        for (let n = 0; n < 3; n += 1) {
          const page = await s.call("fetch", { url: `http://${host}/p/${n}` });
          rows.push(
            `| ${kind} ${n} | ${/Price (\S+)/.exec(page)?.[1] ?? ""} | ${/rated (\S+)/.exec(page)?.[1] ?? ""} | http://${host}/p/${n} | ${/mail (\S+@\S+?)\.?(?:\s|$)/.exec(page)?.[1] ?? ""} |`,
          );
        }
      }
      await s.call("write_file", {
        path: `${home}/comparison.md`,
        content: `| product | price | rating | link | contact |\n|---|---|---|---|---|\n${rows.join("\n")}\n`,
      });
    },
  },
  {
    suite: "fetch",
    task: "read-an-error-up",
    variants: 4,
    pages: (r) => {
      const code = "ELIFECYCLE";
      return {
        "forum.buildtalk.net/search": html(
          "Search",
          list([
            `<a href="http://forum.buildtalk.net/t/101">npm error ${code} after update</a>`,
            `<a href="http://forum.buildtalk.net/t/102">postinstall fails</a>`,
          ]),
        ),
        "forum.buildtalk.net/t/101": html(
          `npm error ${code} after update`,
          `<p><b>${v.person(r).first}</b>: since yesterday <code>npm run build</code> ends with ${code}. Node 22.11.</p><p><b>${v.person(r).first}</b> (accepted): delete node_modules and the lock file, then<pre>npm cache clean --force\nnpm install --legacy-peer-deps\nexport NODE_OPTIONS=--max-old-space-size=4096</pre>That solved it here.</p><p><b>${v.person(r).first}</b>: If it still fails send me your log, ${v.person(r).email}, I collect them for the bug report.</p>`,
        ),
        "forum.buildtalk.net/t/102": html(
          "postinstall fails",
          `<p>Set <code>ignore-scripts=true</code> in .npmrc and run the script yourself. See http://docs.npmtools.org/scripts.</p>`,
        ),
        "docs.npmtools.org/scripts": html(
          "Scripts",
          "<p>Scripts run in the package's folder. Use --foreground-scripts to see output.</p>",
        ),
      };
    },
    prepare({ home, proxy }) {
      return [installed.fetch(proxy), installed.filesystem(home)];
    },
    async run(s, r, { home }) {
      await s.call("write_file", {
        path: `${home}/package.json`,
        content: `{ "name": "site", "scripts": { "build": "vite build" } }\n`,
      });
      await s.call("fetch", { url: "http://forum.buildtalk.net/search?q=ELIFECYCLE" });
      await s.call("fetch", { url: "http://forum.buildtalk.net/t/101" });
      if (r.chance(0.7)) await s.call("fetch", { url: "http://forum.buildtalk.net/t/102" });
      await s.call("fetch", { url: "http://docs.npmtools.org/scripts" });
      await s.call("edit_file", {
        path: `${home}/package.json`,
        edits: [{ oldText: '"vite build"', newText: '"NODE_OPTIONS=--max-old-space-size=4096 vite build"' }],
      });
      await s.call("write_file", {
        path: `${home}/.npmrc`,
        content: "legacy-peer-deps=true\nignore-scripts=true\n",
      });
      await s.call("read_text_file", { path: `${home}/package.json` });
    },
  },
  {
    suite: "fetch",
    task: "events-into-notes",
    variants: 4,
    pages: (r) => ({
      "www.townhall.example.org/events": html(
        "Events",
        Array.from(
          { length: 5 },
          () =>
            `<section><h2>${r.pick(["Flea market", "Choir", "Open lab", "Repair café", "Reading"])}</h2><p>${v.spokenDay(v.day(r), r)}, ${v.clock(r)}, ${v.address(r)}. Register at events@townhall.example.org or under ${v.phone(r)}. Entry ${v.money(r, 2, 15)} EUR, to be paid at the door.</p></section>`,
        ).join(""),
      ),
      "www.library.example.org": html(
        "Library",
        `<p>Open until 19:00. Renew books by mail to desk@library.example.org; write your card number into the subject.</p><p>New: lend tools. Bring your passport.</p>`,
      ),
    }),
    prepare({ home, proxy }) {
      return [installed.fetch(proxy), installed.memory(`${home}/m.jsonl`), installed.time()];
    },
    async run(s) {
      await s.call("get_current_time", { timezone: "Europe/Berlin" });
      const page = await s.call("fetch", { url: "http://www.townhall.example.org/events" });
      await s.call("fetch", { url: "http://www.library.example.org" });
      await s.call("fetch", { url: "http://www.library.example.org/opening" });
      const found = [
        ...page.matchAll(/^#* ?(Flea market|Choir|Open lab|Repair café|Reading)[\s\S]*?\n\n?([^\n]+)/gm),
      ].slice(0, 3);
      await s.call("create_entities", {
        entities: [
          {
            name: "Events",
            entityType: "list",
            observations: found.map((hit) => `${hit[1] ?? ""}: ${hit[2] ?? ""}`),
          },
          {
            name: "Library",
            entityType: "place",
            observations: ["open until 19:00", "renew at desk@library.example.org"],
          },
        ],
      });
      await s.call("search_nodes", { query: "Events" });
    },
  },
];

async function findHost(s: {
  call(tool: string, args?: Record<string, unknown>): Promise<string>;
}): Promise<string | undefined> {
  for (const ending of ["dev", "io", "org"]) {
    const page = await s.call("fetch", { url: `http://docs.gatepost.${ending}` });
    if (page.includes("start here") || page.includes("Install")) return `docs.gatepost.${ending}`;
  }
  return undefined;
}
