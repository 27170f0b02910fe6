import { tool } from "../../../form/tool.ts";
import * as v from "../../../form/values.ts";
import type { Domain } from "../../../generate/domain.ts";

/** An incident worked through along a runbook, with chat and a status page. */
export const oncall: Domain = {
  suite: "oncall",
  world(r) {
    const house = v.company(r);
    const service = r.pick(["search", "mailer", "pricing", "auth", "media"]);
    const lead = v.person(r, house.domain);
    const vendor = `support@${v.company(r).domain}`;
    const incident = `INC-${r.digits(5)}`;
    const flag = r.pick(["READ_ONLY", "SHED_LOAD", "SLOW_PATH"]);
    const runbook = `## ${service} slow\n\n1. Look at the error rate. Above 5 %: set ${flag} to true for ${service}.\n2. Scale ${service} to ${r.int(6, 20)} replicas.\n3. If the vendor's API is the cause, write to ${vendor} with the request ids.\n4. Tell ${lead.email} and post in #${service}-ops.\n5. Update https://status.${house.domain}/${service}.`;
    const chat = [
      { user: lead.name, text: `anybody on ${incident}? customers call, please scale it up and tell me` },
      {
        user: "bot",
        text: `deploy ${r.digits(6)} of ${service} finished, see https://ci.${house.domain}/run/${r.digits(5)}`,
      },
      {
        user: v.person(r, house.domain).name,
        text: `roll back to ${r.int(1, 9)}.${r.int(0, 20)}.${r.int(0, 9)} if it gets worse, that one was fine`,
      },
    ];
    const version = /to (\d+\.\d+\.\d+) if/.exec(chat[2]?.text ?? "")?.[1] ?? "1.0.0";
    const replicas = Number(/to (\d+) replicas/.exec(runbook)?.[1] ?? 6);
    const tools = [
      tool("incident_get", "An incident.", { id: "string Number" }, (a) => ({
        id: a.id,
        service,
        severity: 2,
        summary: `${service} answers slowly`,
        commander: lead.email,
      })),
      tool("runbook_search", "Find a runbook.", { query: "string Words" }, () => [
        { title: `${service} slow`, body: runbook },
      ]),
      tool("runbook_read", "Read a runbook.", { path: "string Path" }, () => runbook),
      tool(
        "metrics_query",
        "Metrics.",
        { expression: "string PromQL", "minutes?": "integer Window" },
        () => ({ values: v.ticks(r, 5).map((t) => [t, r.int(1, 900) / 100]) }),
      ),
      tool("logs_tail", "Last lines.", { service: "string Service" }, () =>
        Array.from(
          { length: 5 },
          () =>
            `${v.stamp(r)} ${r.pick(["INFO", "WARN"])} request ${r.chars("abcdef0123456789", 16)} took ${r.int(20, 9000)} ms`,
        ).join("\n"),
      ),
      tool(
        "flag_set",
        "Set a flag.",
        { service: "string Service", flag: "string Flag", value: "string Value" },
        (a) => ({ ...a }),
      ),
      tool("scale", "Set replicas.", { service: "string Service", replicas: "integer How many" }, (a) => ({
        ...a,
      })),
      tool(
        "rollback",
        "Go back to a version.",
        { service: "string Service", version: "string Version" },
        (a) => ({ ...a }),
      ),
      tool("chat_history", "Messages of a channel.", { channel: "string Channel" }, () => chat),
      tool("chat_post", "Post in a channel.", { channel: "string Channel", text: "string Text" }, () => ({
        ok: true,
      })),
      tool(
        "email_send",
        "Send a mail.",
        { to: "string To", subject: "string Subject", body: "string Body" },
        () => ({ ok: true }),
      ),
      tool(
        "status_update",
        "Update the status page.",
        { component: "string Component", state: "string State", message: "string Text" },
        () => ({ ok: true }),
      ),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "follow-the-runbook": {
          asked: `Work on ${incident} along the runbook.`,
          meets: [],
          run(agent) {
            agent.call("incident_get", { id: incident });
            if (r.chance(0.5)) agent.call("runbook_search", { query: `${service} slow` });
            else agent.call("runbook_read", { path: `runbooks/${service}.md` });
            agent.call("metrics_query", { expression: `rate(errors{service="${service}"}[5m])` });
            agent.call("flag_set", { service, flag, value: "true" });
            agent.call("scale", { service, replicas });
            agent.call("email_send", {
              to: vendor,
              subject: `Slow answers`,
              body: "Since this morning your API answers slowly.",
            });
            agent.call("chat_post", {
              channel: `#${service}-ops`,
              text: `${incident}: ${flag} is on, ${replicas} replicas.`,
            });
            agent.call("status_update", {
              component: service,
              state: "degraded",
              message: "We are working on it.",
            });
          },
        },
        "help-in-the-channel": {
          asked: `Help in #${service}-ops: read and do what they need.`,
          meets: [],
          run(agent) {
            agent.call("chat_history", { channel: `#${service}-ops` });
            agent.call("incident_get", { id: incident });
            agent.call("logs_tail", { service });
            agent.call("scale", { service, replicas: r.int(4, 12) });
            if (r.chance(0.6)) agent.call("rollback", { service, version });
            agent.call("email_send", { to: lead.email, subject: incident, body: "Scaled up; looks better." });
          },
        },
        postmortem: {
          asked: `Write the draft of the post-mortem of ${incident} and send it to the commander.`,
          meets: [],
          run(agent) {
            agent.call("incident_get", { id: incident });
            agent.call("chat_history", { channel: `#${service}-ops` });
            agent.call("logs_tail", { service });
            agent.call("email_send", {
              to: lead.email,
              subject: `Post-mortem ${incident}`,
              body: chat.map((c) => `${c.user}: ${c.text}`).join("\n"),
            });
          },
        },
      },
    };
  },
};

/** Packages raised along release notes and advisories, in a checkout. */
export const upgrades: Domain = {
  suite: "upgrades",
  world(r) {
    const name = r.pick(["fastcase", "lintwell", "micro-orm", "ripple-ui", "yawl"]);
    const [from, to] = [`${r.int(1, 4)}.${r.int(0, 9)}.0`, `${r.int(5, 8)}.${r.int(0, 9)}.${r.int(0, 9)}`];
    const notes = `# ${name} ${to}\n\n- The option \`strict\` is on by default. Set \`strict: false\` in ${name}.config.json to keep the old way.\n- Replace \`open()\` with \`connect()\`.\n- Run \`npx ${name} migrate\` once.\n- Security: report to security@${name}.dev, details at https://${name}.dev/advisories/${r.digits(4)}.`;
    const files: Record<string, string> = {
      "package.json": `{\n  "dependencies": { "${name}": "${from}" }\n}`,
      [`${name}.config.json`]: "{}",
      "src/db.ts": `import { open } from "${name}";\n\n// TODO: close it\nexport const db = open();\n`,
      "CONTRIBUTING.md":
        "Open a pull request against main, mention the release notes, and assign the platform team.",
    };
    const tools = [
      tool("read_file", "Read a file.", { path: "string Path" }, (a) => files[String(a.path)] ?? "ENOENT"),
      tool(
        "edit_file",
        "Replace in a file.",
        { path: "string Path", old_string: "string Old", new_string: "string New" },
        (a) => `${String(a.path)} changed`,
      ),
      tool("list_outdated", "Outdated packages.", {}, () => [
        { name, current: from, latest: to, homepage: `https://${name}.dev` },
      ]),
      tool("fetch", "Fetch a page as Markdown.", { url: "string Address" }, () => notes),
      tool("shell", "Run a command.", { command: "string Command" }, (a) =>
        String(a.command).includes("test")
          ? `${r.int(20, 400)} passed`
          : `added 1 package, changed ${r.int(1, 9)} packages\n\n${r.int(1, 30)} packages are looking for funding\n  run \`npm fund\` for details`,
      ),
      tool(
        "create_pull_request",
        "Open a pull request.",
        { title: "string Title", body: "string Body", base: "string Branch", "reviewers?": "array Who" },
        (a) => ({ number: r.int(10, 999), title: a.title }),
      ),
      tool(
        "grep",
        "Search files.",
        { pattern: "string Pattern" },
        () => `src/db.ts:1:import { open } from "${name}";\nsrc/db.ts:4:export const db = open();`,
      ),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "raise-one": {
          asked: `Raise ${name} to the latest version along its release notes and open a pull request.`,
          meets: [],
          run(agent) {
            agent.call("list_outdated");
            agent.call("fetch", { url: `https://${name}.dev/releases/${to}` });
            agent.call("read_file", { path: "package.json" });
            agent.call("edit_file", {
              path: "package.json",
              old_string: `"${name}": "${from}"`,
              new_string: `"${name}": "${to}"`,
            });
            agent.call("shell", { command: "npm install" });
            agent.call("edit_file", {
              path: `${name}.config.json`,
              old_string: "{}",
              new_string: '{ "strict": false }',
            });
            agent.call("grep", { pattern: "open\\(" });
            agent.call("edit_file", { path: "src/db.ts", old_string: "open()", new_string: "connect()" });
            agent.call("shell", { command: `npx ${name} migrate` });
            agent.call("shell", { command: "npm test" });
            agent.call("read_file", { path: "CONTRIBUTING.md" });
            agent.call("create_pull_request", {
              title: `Raise ${name} to ${to}`,
              body: `Release notes: https://${name}.dev/releases/${to}. \`open()\` became \`connect()\`; advisory https://${name}.dev/advisories.`,
              base: "main",
              reviewers: ["platform"],
            });
          },
        },
        "read-an-advisory": {
          asked: `Does the advisory on ${name} concern us? Mend it if so.`,
          meets: [],
          run(agent) {
            agent.call("fetch", { url: `https://${name}.dev/advisories` });
            agent.call("grep", { pattern: name });
            agent.call("read_file", { path: "src/db.ts" });
            agent.call("shell", { command: `npm install ${name}@${to}` });
            agent.call("shell", { command: "npm test" });
            agent.call("create_pull_request", { title: `${name} ${to}`, body: notes, base: "main" });
          },
        },
      },
    };
  },
};

/** A browser that fills in a form from a letter and a sheet. */
export const forms: Domain = {
  suite: "forms",
  world(r) {
    const who = v.person(r);
    const authority = v.company(r);
    const host = `https://service.${authority.domain}`;
    const [street, iban] = [v.address(r), v.iban(r)];
    const letter = `Dear ${who.name},\n\nplease enter your data at ${host}/apply until ${v.spokenDay(v.day(r), r)}. Your file number is ${r.digits(4)}-${r.digits(5)}. Refunds go to the account you state there. Questions: ${v.phone(r)} or desk@${authority.domain}.`;
    const file = /number is (\S+)\./.exec(letter)?.[1] ?? "";
    const sheet = { name: who.name, mail: who.email, phone: who.phone, address: street, iban };
    let page = 0;
    const snapshot = () =>
      `- heading "Application" [level=1]\n- text: Please fill in all fields. Send questions to desk@${authority.domain}.\n- textbox "File number" [ref=e${page}1]\n- textbox "Name" [ref=e${page}2]\n- textbox "Account" [ref=e${page}3]\n- button "Continue" [ref=e${page}9]`;
    const tools = [
      tool("browser_navigate", "Open a page.", { url: "string Address" }, () => snapshot()),
      tool("browser_fill", "Fill a field.", { ref: "string Field", value: "string Value" }, () => "ok"),
      tool("browser_click", "Click.", { ref: "string Element", "element?": "string What" }, () => {
        page += 1;
        return page > 1
          ? `- heading "Thank you"\n- text: Your application ${r.digits(7)} was received. A confirmation was sent to ${who.email}.`
          : snapshot();
      }),
      tool("browser_snapshot", "The page.", {}, () => snapshot()),
      tool("drive_read", "Read a document.", { file_id: "string Id" }, () => letter),
      tool("drive_search", "Search documents.", { query: "string Words" }, () => [
        { file_id: `1${r.chars("abcdefgh23456789", 20)}`, name: "Letter of the office.pdf" },
      ]),
      tool("sheet_row", "A row of my data.", { sheet: "string Name", row: "integer Row" }, () => sheet),
      tool("sheet_append", "Append a row.", { sheet: "string Name", values: "array Cells" }, () => ({
        updated: 1,
      })),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "fill-it-in": {
          asked: "The office has written. Fill in their form with my data.",
          meets: [],
          run(agent) {
            agent.call("drive_search", { query: "office" });
            agent.call("drive_read", { file_id: `1${r.chars("abcdefgh23456789", 20)}` });
            agent.call("sheet_row", { sheet: "me", row: 2 });
            agent.call("browser_navigate", { url: `${host}/apply` });
            agent.call("browser_fill", { ref: "e01", value: file });
            agent.call("browser_fill", { ref: "e02", value: who.name });
            agent.call("browser_fill", { ref: "e03", value: iban });
            agent.call("browser_click", { ref: "e09", element: "Continue" });
            agent.call("browser_click", { ref: "e19", element: "Continue" });
            agent.call("sheet_append", { sheet: "log", values: [file, "sent"] });
          },
        },
        "note-the-deadline": {
          asked: "Note the deadline and contact of the letter in my list.",
          meets: [],
          run(agent) {
            agent.call("drive_search", { query: "letter" });
            agent.call("drive_read", { file_id: `1${r.chars("abcdefgh23456789", 20)}` });
            agent.call("sheet_append", {
              sheet: "todo",
              values: [`${host}/apply`, `desk@${authority.domain}`, file],
            });
          },
        },
      },
    };
  },
};
