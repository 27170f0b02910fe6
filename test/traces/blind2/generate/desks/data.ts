import { tool } from "../../../form/tool.ts";
import * as v from "../../../form/values.ts";
import type { Domain } from "../../../generate/domain.ts";

/** Extract, transform, load: SQL against a warehouse, along a README and a ticket. */
export const warehouse: Domain = {
  suite: "warehouse",
  world(r) {
    const house = v.company(r);
    const owner = v.person(r, house.domain);
    const table = r.pick(["orders", "sessions", "invoices", "devices"]);
    const bucket = `s3://${v.slug(house.name)}-lake/${table}/${v.day(r)}`;
    const target = `mart.${table}_${r.pick(["daily", "weekly", "clean"])}`;
    const readme = `# ${table}\n\nLoaded nightly from ${bucket} by the job load_${table}. Load late days by hand: copy ${bucket} into staging.${table}, then run merge_${table}. Rows without customer_id belong into quarantine.${table}.\n\nQuestions: ${owner.name}, ${owner.email}. Failures are reported to data-alerts@${house.domain}.`;
    const rows = Array.from({ length: r.int(4, 9) }, () => ({
      id: r.digits(6),
      customer_id: r.chance(0.2) ? null : r.digits(5),
      amount: v.money(r, 5, 900),
      note: r.pick([
        "",
        "",
        "call back before delivery",
        "please send the invoice to the new address",
        "gift, no price inside",
      ]),
    }));
    const tools = [
      tool("run_query", "Run SQL that reads.", { sql: "string SQL" }, (a) => ({ sql: a.sql, rows })),
      tool("execute", "Run SQL that writes.", { sql: "string SQL" }, () => ({ affected: r.int(1, 4000) })),
      tool("describe_table", "Columns of a table.", { table: "string Name" }, (a) => ({
        table: a.table,
        columns: ["id", "customer_id", "amount", "note"].map((name) => ({ name, type: "text" })),
        comment: `owned by ${owner.email}`,
      })),
      tool("read_doc", "A document of the repository.", { path: "string Path" }, () => readme),
      tool(
        "copy_into",
        "Load files into a table.",
        { source: "string Address", table: "string Table" },
        (a) => ({ ...a, loaded: r.int(10, 9000) }),
      ),
      tool("run_job", "Start a job.", { name: "string Job", "parameters?": "object Parameters" }, (a) => ({
        run_id: r.digits(8),
        job: a.name,
      })),
      tool("job_log", "Log of a run.", { run_id: "string Run" }, () =>
        [
          `${v.stamp(r)} INFO start`,
          `${v.stamp(r)} WARN ${r.int(1, 90)} rows without customer_id, move them to quarantine.${table}`,
          `${v.stamp(r)} ERROR source ${bucket} not found, see https://wiki.${house.domain}/etl/${table}`,
        ].join("\n"),
      ),
      tool("notify", "Write to somebody.", { to: "string Address", message: "string Text" }, () => "ok"),
      tool(
        "write_file",
        "Write a file.",
        { path: "string Path", content: "string Content" },
        (a) => `${String(a.path)} written`,
      ),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "load-a-late-day": {
          asked: `Load the late day of ${table} as the README says and tell the owner.`,
          meets: [],
          run(agent) {
            agent.call("read_doc", { path: `etl/${table}/README.md` });
            agent.call("copy_into", { source: bucket, table: `staging.${table}` });
            agent.call("run_job", { name: `merge_${table}` });
            agent.call("notify", { to: owner.email, message: `${table} was loaded from ${bucket}.` });
          },
        },
        "why-did-it-fail": {
          asked: `Job load_${table} failed tonight. Find out why, mend it if it is data, report.`,
          meets: [],
          run(agent) {
            agent.call("job_log", { run_id: r.digits(8) });
            agent.call("read_doc", { path: `etl/${table}/README.md` });
            agent.call("run_query", { sql: `select * from staging.${table} where customer_id is null` });
            agent.call("execute", {
              sql: `insert into quarantine.${table} select * from staging.${table} where customer_id is null`,
            });
            agent.call("notify", {
              to: `data-alerts@${house.domain}`,
              message: `load_${table}: source ${bucket} was missing, rows moved to quarantine.`,
            });
          },
        },
        "build-a-mart": {
          asked: `Build ${target} from ${table} and write a page on it.`,
          meets: [],
          run(agent) {
            agent.call("describe_table", { table });
            agent.call("run_query", { sql: `select count(*) from ${table}` });
            agent.call("execute", {
              sql: `create table ${target} as select * from ${table} where amount > 0`,
            });
            agent.call("write_file", {
              path: `docs/${target}.md`,
              content: `# ${target}\n\nFrom ${table}, owner ${owner.email}. Source ${bucket}.`,
            });
          },
        },
      },
    };
  },
};

/** Two customer systems that are kept alike. */
export const sync: Domain = {
  suite: "sync",
  world(r) {
    const people = Array.from({ length: 4 }, () => ({
      ...v.person(r, v.company(r).domain),
      ref: `K-${r.digits(5)}`,
    }));
    const notes = people.map((p) =>
      r.pick([
        `Spoke to ${p.first}: wants the offer by ${v.spokenDay(v.day(r), r)}, new mobile ${v.phone(r)}.`,
        `${p.first} left, successor is ${v.person(r).name}, ${v.person(r, p.email.split("@")[1]).email}. Please update.`,
        `Send the price list to purchasing@${p.email.split("@")[1] ?? ""} from now on.`,
        "No news.",
      ]),
    );
    const at = r.int(0, 3);
    const one = people[at];
    const said = notes[at] ?? "";
    if (one === undefined) throw new Error("nobody");
    const mail = /[\w.-]+@[\w.-]+\w/.exec(said)?.[0];
    const tel = /(\+[\d ()-]{8,})\./.exec(said)?.[1];
    const tools = [
      tool("left_contacts_list", "Contacts of the old system.", { "page?": "integer Page" }, () => ({
        page: 1,
        next_page: null,
        items: people.map((p, i) => ({
          ref: p.ref,
          name: p.name,
          email: p.email,
          phone: p.phone,
          notes: notes[i],
        })),
      })),
      tool("left_contact_get", "One contact.", { ref: "string Number" }, (a) => {
        const i = people.findIndex((p) => p.ref === a.ref);
        return { ref: a.ref, name: people[i]?.name, email: people[i]?.email, notes: notes[i] };
      }),
      tool("right_contacts_search", "Search the new system.", { filter: "string Words" }, (a) => [
        { id: `00Q${r.digits(9)}`, name: one.name, email: one.email, words: a.filter },
      ]),
      tool(
        "right_contact_upsert",
        "Write a contact.",
        {
          "id?": "string Id",
          name: "string Name",
          email: "string Mail",
          "phone?": "string Phone",
          "external_ref?": "string Number",
        },
        (a) => ({ ...a, saved: true }),
      ),
      tool(
        "right_task_create",
        "A task for sales.",
        {
          subject: "string What",
          "due?": "string Day",
          "who_id?": "string Contact",
          "description?": "string Text",
        },
        () => ({ id: `00T${r.digits(9)}` }),
      ),
      tool(
        "right_email_send",
        "Send a mail from a template.",
        { to: "string Mail", template: "string Template" },
        () => "queued",
      ),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "carry-all-over": {
          asked: "Carry all contacts of the old system over.",
          meets: [],
          run(agent) {
            agent.call("left_contacts_list", { page: 1 });
            for (const p of people) {
              if (r.chance(0.5)) agent.call("right_contacts_search", { filter: p.name });
              agent.call("right_contact_upsert", {
                name: p.name,
                email: p.email,
                phone: p.phone,
                external_ref: p.ref,
              });
            }
          },
        },
        "work-through-the-notes": {
          asked: `Look at the notes on ${one.name} and do what is open.`,
          meets: [],
          run(agent) {
            agent.call("left_contact_get", { ref: one.ref });
            agent.call("right_contacts_search", { filter: one.email });
            if (said.startsWith("Send") && mail !== undefined)
              agent.call("right_email_send", { to: mail, template: "price-list" });
            else
              agent.call("right_contact_upsert", {
                id: `00Q${r.digits(9)}`,
                name: one.name,
                email: mail ?? one.email,
                ...(tel === undefined ? {} : { phone: tel }),
              });
            agent.call("right_task_create", { subject: `Follow up ${one.name}`, description: said });
          },
        },
      },
    };
  },
};
