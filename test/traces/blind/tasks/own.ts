import { Random } from "../../form/random.ts";
import * as v from "../../form/values.ts";
import { installed } from "../../record/installed.ts";
import type { Job } from "../../record/job.ts";
import { office } from "../servers/graph.ts";
import { project } from "../servers/jira.ts";
import { cluster } from "../servers/kube.ts";
import { wiki } from "../servers/notion.ts";
import { account } from "../servers/stripe.ts";

const own = <T>(name: string, make: (r: Random) => T, r: Random) => {
  const seed = r.digits(9);
  return { start: installed.own(`blind/servers/${name}`, seed), data: make(new Random(seed)) };
};
const at = <T>(list: readonly T[], n: number): T => {
  const found = list[n];
  if (found === undefined) throw new Error(`nothing at ${n}`);
  return found;
};

const SETTINGS: Record<string, string> = {
  DATABASE_URL: "postgres://importer@db:5432/app",
  S3_BUCKET: "imports-eu",
  QUEUE_HOST: "queue.internal",
};

/** One job runs at a time; `prepare` leaves the data here for `run`. */
let mail = office(new Random("0"));
let notes = wiki(new Random("0"));
let tracker = project(new Random("0"));
let kube = cluster(new Random("0"));
let pay = account(new Random("0"));
const graph = (r: Random) => {
  const { start, data } = own("graph", office, r);
  mail = data;
  return start;
};
const notion = (r: Random) => {
  const { start, data } = own("notion", wiki, r);
  notes = data;
  return start;
};
const jira = (r: Random) => {
  const { start, data } = own("jira", project, r);
  tracker = data;
  return start;
};
const kubernetes = (r: Random) => {
  const { start, data } = own("kube", cluster, r);
  kube = data;
  return start;
};
const stripe = (r: Random) => {
  const { start, data } = own("stripe", account, r);
  pay = data;
  return start;
};

export const OWN: readonly Job[] = [
  {
    suite: "graph",
    task: "morning-mail",
    variants: 4,
    prepare: (_p, r) => [graph(r)],
    async run(s, r) {
      await s.call("list-mail-messages", { filter: "isRead eq false", top: 20 });
      for (const one of r.some(mail.messages, 5)) {
        await s.call("get-mail-message", { messageId: one.id });
        if (/automatically|cityrail/.test(one.body.content))
          await s.call("move-mail-message", { messageId: one.id, destinationId: "archive" });
        else
          await s.call("reply-mail-message", {
            messageId: one.id,
            comment: r.pick([
              "Thanks, will do.",
              "Thank you, I come back to you by Friday.",
              "Fine with me.",
            ]),
          });
      }
      await s.call("list-calendar-events", { startDateTime: `${mail.date}T00:00:00` });
    },
  },
  {
    suite: "graph",
    task: "move-the-retro",
    variants: 4,
    prepare: (_p, r) => [graph(r)],
    async run(s, r) {
      const ask = at(mail.messages, 1);
      await s.call("list-mail-messages", { search: "retro" });
      const read = await s.call("get-mail-message", { messageId: ask.id });
      await s.call("list-calendar-events", {});
      await s.call("list-users", {});
      const found = /to (\S+), (\d\d:\d\d)/.exec(read);
      const extra = /she is at (\S+@\S+?)\.\s/.exec(read)?.[1] ?? at(mail.team, 3).email;
      const start = `${found?.[1] ?? mail.date}T${found?.[2] ?? "10:00"}:00`;
      const event = mail.events.find((e) => e.subject === "Retro") ?? at(mail.events, 0);
      await s.call("update-calendar-event", {
        eventId: event.id,
        start,
        location: "Cedar",
        attendees: [...mail.team.slice(0, 3).map((p) => p.email), extra],
      });
      await s.call("reply-mail-message", {
        messageId: ask.id,
        comment: `Moved to ${start.replace("T", ", ")}; ${at(mail.team, 3).first} is invited.`,
      });
      if (r.chance(0.5))
        await s.call("send-mail", {
          subject: "Retro moved",
          body: `<p>New time: ${start}, Cedar.</p>`,
          toRecipients: [extra],
        });
    },
  },
  {
    suite: "graph",
    task: "complaint-and-numbers",
    variants: 4,
    prepare: (_p, r) => [graph(r)],
    async run(s, r) {
      await s.call("list-mail-messages", { top: 10 });
      const complaint = await s.call("get-mail-message", { messageId: at(mail.messages, 3).id });
      const to = /&lt;(\S+?)&gt;/.exec(complaint)?.[1] ?? "";
      await s.call("send-mail", {
        subject: "Our apology",
        body: `<p>We are sorry for what happened to your parcel. You get the shipping costs of ${/\((\S+ EUR)\)/.exec(complaint)?.[1] ?? ""} back.</p>`,
        toRecipients: [to],
        ccRecipients: [at(mail.team, 1).email],
      });
      const numbers = at(mail.messages, 8);
      await s.call("get-mail-message", { messageId: numbers.id });
      await s.call("list-users", { search: at(mail.team, 1).name });
      await s.call("forward-mail-message", {
        messageId: numbers.id,
        toRecipients: [at(mail.team, 1).email],
        comment: "Checked, looks right.",
      });
      if (r.chance(0.6))
        await s.call("create-calendar-event", {
          subject: "Call about the offer",
          start: `${mail.date}T15:00:00`,
          end: `${mail.date}T15:30:00`,
          attendees: [at(mail.messages, 0).from.emailAddress.address],
        });
    },
  },
  {
    suite: "notion",
    task: "onboard-somebody",
    variants: 4,
    prepare: (_p, r) => [notion(r), graph(r)],
    async run(s, r) {
      const page = at(notes.pages, 0);
      await s.call("API-post-search", { query: "onboarding" });
      const read = await s.call("API-get-block-children", { block_id: page.id });
      const found = [...read.matchAll(/([a-z0-9_.]+@[a-z0-9.-]+\.[a-z]+)/g)].map((hit) => hit[1] ?? "");
      const who = v.person(r).name;
      const first = v.day(r);
      await s.call("send-mail", {
        subject: `Contract ${who}`,
        body: `<p>${who} starts on ${first}.</p>`,
        toRecipients: [found[0] ?? ""],
      });
      await s.call("send-mail", {
        subject: `Laptop for ${who}`,
        body: "<p>Standard laptop, please.</p>",
        toRecipients: [found[1] ?? ""],
      });
      await s.call("create-calendar-event", {
        subject: `Lunch with ${who}`,
        start: `${first}T12:00:00`,
        end: `${first}T13:00:00`,
        attendees: [found[2] ?? ""],
      });
      await s.call("API-post-page", {
        parent: page.id,
        title: `Onboarding ${who}`,
        children: ["contract: sent", "laptop: ordered"],
      });
      await s.call("API-create-a-comment", { page_id: page.id, text: `Started for ${who}.` });
    },
  },
  {
    suite: "notion",
    task: "tidy-the-weekly-notes",
    variants: 4,
    prepare: (_p, r) => [notion(r)],
    async run(s, r) {
      const weekly = at(notes.pages, 4);
      await s.call("API-post-search", { query: "weekly" });
      await s.call("API-retrieve-a-page", { page_id: weekly.id });
      await s.call("API-get-block-children", { block_id: weekly.id });
      for (const other of r.some(notes.pages.slice(0, 4), 2))
        await s.call("API-get-block-children", { block_id: other.id });
      const texts = weekly.blocks.map((b) => b.paragraph.rich_text[0]?.plain_text ?? "");
      await s.call("API-patch-block-children", {
        block_id: weekly.id,
        children: [`Summary: ${texts[0] ?? ""} ${texts[1] ?? ""}`, `Open: ${texts[2] ?? ""}`],
      });
      await s.call("API-delete-a-block", { block_id: at(weekly.blocks, 2).id });
      await s.call("API-get-block-children", { block_id: weekly.id });
    },
  },
  {
    suite: "jira",
    task: "groom-the-backlog",
    variants: 4,
    prepare: (_p, r) => [jira(r)],
    async run(s, r) {
      await s.call("jira_search", { jql: `project = ${tracker.key} AND status != Done ORDER BY created` });
      for (const one of r.some(tracker.issues, 3)) {
        const read = await s.call("jira_get_issue", { issue_key: one.key, comment_limit: 10 });
        const due = /due date to (\d{4}-\d\d-\d\d)/.exec(read)?.[1];
        const owner = /give it to ([^,"]+),/.exec(read)?.[1];
        if (due !== undefined)
          await s.call("jira_update_issue", { issue_key: one.key, priority: "High", due_date: due });
        if (owner !== undefined) await s.call("jira_update_issue", { issue_key: one.key, assignee: owner });
        await s.call("jira_add_comment", {
          issue_key: one.key,
          comment: r.pick([
            "Estimated: 3 points.",
            "Discussed in grooming, stays in the backlog.",
            "Ready for the sprint.",
          ]),
        });
      }
    },
  },
  {
    suite: "jira",
    task: "access-and-certificate",
    variants: 4,
    prepare: (_p, r) => [jira(r), graph(r)],
    async run(s, r) {
      const [, access, , certificate] = tracker.issues;
      const read = await s.call("jira_get_issue", { issue_key: access?.key });
      await s.call("jira_get_user_profile", { user: at(tracker.team, 0).name });
      const address = /mail ([^\s"]+@[^\s".]+\.[a-z.]+[a-z])/.exec(read)?.[1] ?? at(tracker.team, 0).email;
      await s.call("send-mail", {
        subject: "Your access",
        body: "<p>You are in the group developers.</p>",
        toRecipients: [address],
      });
      await s.call("jira_transition_issue", { issue_key: access?.key, transition: "Done" });
      const cert = await s.call("jira_get_issue", { issue_key: certificate?.key });
      await s.call("send-mail", {
        subject: "Certificate",
        body: `<p>The certificate is ordered at ${/https:\/\/certs[^\s,"]+/.exec(cert)?.[0] ?? ""}, the invoice comes to you.</p>`,
        toRecipients: [`accounting@${tracker.us.domain}`],
      });
      await s.call("jira_add_comment", {
        issue_key: certificate?.key,
        comment: `Ordered ${v.day(r)}, invoice to accounting.`,
      });
    },
  },
  {
    suite: "kube",
    task: "repair-the-importer",
    variants: 5,
    prepare: (_p, r) => [kubernetes(r)],
    async run(s) {
      const { namespace } = kube;
      const pod = kube.pods.find((p) => p.app === "importer")?.name ?? "";
      await s.call("kubectl_get", { resourceType: "pods", namespace });
      await s.call("kubectl_describe", { resourceType: "pod", name: pod, namespace });
      const log = await s.call("kubectl_logs", { resourceType: "pod", name: pod, namespace, tail: 50 });
      const name = /variable (\w+) is/.exec(log)?.[1] ?? "X";
      await s.call("kubectl_apply", {
        namespace,
        manifest: `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: importer-config\ndata:\n  ${name}: ${SETTINGS[name] ?? "on"}\n`,
      });
      await s.call("kubectl_delete", { resourceType: "pod", name: pod, namespace });
      await s.call("kubectl_get", { resourceType: "pods", namespace });
      await s.call("kubectl_rollout", {
        subCommand: "status",
        resourceType: "deployment",
        name: "importer",
        namespace,
      });
    },
  },
  {
    suite: "kube",
    task: "scale-for-the-sale",
    variants: 4,
    prepare: (_p, r) => [kubernetes(r)],
    async run(s, r) {
      const { namespace } = kube;
      await s.call("kubectl_get", { resourceType: "deployments", namespace });
      for (const app of ["web", "worker"]) {
        await s.call("kubectl_describe", { resourceType: "deployment", name: app, namespace });
        await s.call("kubectl_scale", { name: app, replicas: r.int(3, 9), namespace });
        await s.call("kubectl_rollout", {
          subCommand: "status",
          resourceType: "deployment",
          name: app,
          namespace,
        });
      }
      await s.call("kubectl_logs", { resourceType: "pod", name: kube.pods[0]?.name, namespace, tail: 20 });
      await s.call("kubectl_get", { resourceType: "pods", namespace });
    },
  },
  {
    suite: "stripe",
    task: "disputes",
    variants: 4,
    prepare: (_p, r) => [stripe(r)],
    async run(s, r) {
      await s.call("list_disputes", { limit: 10 });
      for (const one of pay.disputes) {
        const customer = pay.charges.find((c) => c.id === one.payment_intent)?.customer;
        await s.call("list_payment_intents", { customer });
        if (r.chance(0.5))
          await s.call("create_refund", { payment_intent: one.payment_intent, amount: one.amount });
        else
          await s.call("update_dispute", {
            dispute: one.id,
            evidence: "Delivered, signature on file.",
            submit: true,
          });
      }
      await s.call("search_documentation", { question: "how long does a refund take" });
      await s.call("list_customers", { limit: 5 });
    },
  },
  {
    suite: "stripe",
    task: "invoice-by-mail",
    variants: 4,
    prepare: (_p, r) => [
      { ...stripe(r), prefix: "stripe." },
      { ...graph(r), prefix: "outlook." },
    ],
    async run(s, r) {
      const who = r.pick(pay.customers);
      await s.call("stripe.list_customers", { email: who.email });
      const invoice = await s.call("stripe.create_invoice", { customer: who.id, days_until_due: 14 });
      await s.call("stripe.create_invoice_item", {
        customer: who.id,
        price: `price_1${r.digits(10)}`,
        invoice: /"(in_[^"]+)"/.exec(invoice)?.[1] ?? "",
      });
      const link = await s.call("stripe.create_payment_link", {
        price: `price_1${r.digits(10)}`,
        quantity: 1,
      });
      await s.call("outlook.send-mail", {
        subject: "Your invoice",
        body: `<p>Dear ${who.first}, invoice: ${/https:[^"]+/.exec(invoice)?.[0] ?? ""}, or pay at ${/https:[^"]+/.exec(link)?.[0] ?? ""}.</p>`,
        toRecipients: [who.email],
      });
      await s.call("outlook.list-mail-messages", { search: who.first });
    },
  },
];
