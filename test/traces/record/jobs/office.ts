import { Random } from "../../form/random.ts";
import * as v from "../../form/values.ts";
import { repository as githubData } from "../../servers/github.ts";
import { mailbox } from "../../servers/gmail.ts";
import { spreadsheets } from "../../servers/sheets.ts";
import { workspace } from "../../servers/slack.ts";
import { installed } from "../installed.ts";
import type { Job } from "../job.ts";

const own = (name: string, r: Random) => {
  const seed = r.digits(9);
  return { start: installed.own(`servers/${name}`, seed), data: new Random(seed) };
};
const addressOf = (named: string): string => /<([^>]+)>/.exec(named)?.[1] ?? named;

/** What `prepare` laid out is known to `run` through this: one job runs at a time. */
let mail = mailbox(new Random("0"));
let forge = githubData(new Random("0"));
let chat = workspace(new Random("0"));
let sheets = spreadsheets(new Random("0"));

const gmail = (r: Random) => {
  const { start, data } = own("gmail", r);
  mail = mailbox(data);
  return start;
};
const github = (r: Random) => {
  const { start, data } = own("github", r);
  forge = githubData(data);
  return start;
};
const slack = (r: Random) => {
  const { start, data } = own("slack", r);
  chat = workspace(data);
  return start;
};
const sheet = (r: Random) => {
  const { start, data } = own("sheets", r);
  sheets = spreadsheets(data);
  return start;
};
const at = <T>(list: readonly T[], n: number): T => {
  const found = list[n];
  if (found === undefined) throw new Error(`nothing at ${n}`);
  return found;
};

export const OFFICE: readonly Job[] = [
  {
    suite: "gmail",
    task: "answer-the-inbox",
    variants: 5,
    prepare: (_place, r) => [gmail(r)],
    async run(s, r) {
      await s.call("search_emails", { query: "in:inbox is:unread", maxResults: 10 });
      for (const one of r.some(mail.mails.slice(0, 8), 4)) {
        const read = await s.call("read_email", { messageId: one.id });
        if (/unsubscribe|Sponsor|Maintenance/i.test(read))
          await s.call("modify_email", { messageId: one.id, removeLabelIds: ["UNREAD", "INBOX"] });
        else
          await s.call("send_email", {
            to: [addressOf(one.from)],
            subject: `Re: ${one.subject}`,
            body: `Hello,\n\n${r.pick(["thanks, that works for me.", "got it, I will come back to you tomorrow.", "great, see you then."])}\n\n${mail.me.first}`,
            threadId: one.thread,
            inReplyTo: one.id,
          });
      }
      await s.call("search_emails", { query: "in:inbox is:unread" });
    },
  },
  {
    suite: "gmail",
    task: "slides-for-the-meeting",
    variants: 3,
    prepare: (_place, r) => [gmail(r)],
    async run(s) {
      const meeting = at(mail.mails, 0);
      const guest = addressOf(meeting.from);
      await s.call("search_emails", { query: `from:${guest}` });
      const read = await s.call("read_email", { messageId: meeting.id });
      const assistant = /\((\S+@\S+)\)/.exec(read)?.[1] ?? guest;
      await s.call("search_emails", { query: "numbers" });
      await s.call("read_email", { messageId: at(mail.mails, 2).id });
      await s.call("send_email", {
        to: [guest, assistant],
        subject: `Re: ${meeting.subject}`,
        body: `Hi,\nthe time suits me. Slides: revenue grew in all regions but one, online most.\n${mail.me.first}`,
        threadId: meeting.thread,
      });
      await s.call("create_label", { name: "Meetings" });
      await s.call("modify_email", { messageId: meeting.id, addLabelIds: ["Meetings"] });
    },
  },
  {
    suite: "gmail",
    task: "numbers-for-the-board",
    variants: 3,
    prepare: (_place, r) => [gmail(r)],
    async run(s) {
      await s.call("search_emails", { query: "board" });
      await s.call("read_email", { messageId: at(mail.mails, 1).id });
      const numbers = await s.call("read_email", { messageId: at(mail.mails, 2).id });
      const [boss, peer] = mail.colleagues;
      await s.call("send_email", {
        to: [boss?.email ?? "", peer?.email ?? ""],
        subject: "Numbers for the board",
        body: numbers.slice(numbers.indexOf("\n\n") + 2).split("\n>")[0],
      });
      await s.call("list_email_labels");
      await s.call("modify_email", { messageId: at(mail.mails, 1).id, removeLabelIds: ["UNREAD"] });
    },
  },
  {
    suite: "gmail",
    task: "invite-the-participants",
    variants: 4,
    prepare: (_place, r) => [gmail(r), sheet(r)],
    async run(s, r) {
      await s.call("search_emails", { query: "subject:workshop" });
      const list = await s.call("read_email", { messageId: at(mail.mails, 9).id });
      const invited = [...list.matchAll(/- ([^,]+), (\S+@\S+)/g)].map((hit) => ({
        name: hit[1] ?? "",
        email: hit[2] ?? "",
      }));
      const plan = at(sheets.books, 2);
      await s.call("list_spreadsheets");
      await s.call("get_sheet_data", { spreadsheet_id: plan.spreadsheetId, sheet: "Tasks" });
      for (const one of invited)
        await s.call("send_email", {
          to: [one.email],
          subject: "Workshop",
          body: `Dear ${one.name},\nyou are invited to our workshop. ${/Room[^\n]+/.exec(list)?.[0] ?? ""}\n${mail.me.first}`,
        });
      await s.call("add_rows", {
        spreadsheet_id: plan.spreadsheetId,
        sheet: "Tasks",
        data: invited.map((one) => [`Invite ${one.name}`, mail.me.name, v.day(r), "done", one.email]),
      });
      await s.call("send_email", {
        to: [addressOf(at(mail.mails, 9).from)],
        subject: "Re: Workshop participants",
        body: "All four are invited.",
      });
    },
  },
  {
    suite: "github",
    task: "triage",
    variants: 4,
    prepare: (_place, r) => [github(r)],
    async run(s, r) {
      const where = { owner: forge.owner, repo: forge.repo };
      await s.call("list_issues", { ...where, state: "open" });
      for (const issue of r.some(forge.issues, 3)) {
        await s.call("get_issue", { ...where, issue_number: issue.number });
        await s.call("get_issue_comments", { ...where, issue_number: issue.number });
        await s.call("update_issue", {
          ...where,
          issue_number: issue.number,
          labels: [r.pick(["bug", "docs", "enhancement"])],
          assignees: [r.pick(forge.maintainers)],
        });
        await s.call("add_issue_comment", {
          ...where,
          issue_number: issue.number,
          body: r.pick([
            `Thanks! @${at(forge.maintainers, 0)} will have a look. Could you try with CACHE_URL set?`,
            "Confirmed, thanks for the steps.",
            "See the configuration table in the README, the default port is 8080.",
          ]),
        });
      }
    },
  },
  {
    suite: "github",
    task: "fix-the-cache",
    variants: 4,
    prepare: (_place, r) => [github(r)],
    async run(s, r) {
      const where = { owner: forge.owner, repo: forge.repo };
      const issue = at(forge.issues, r.pick([0, 2]));
      const branch = r.pick(["fix/ttl", "cache-ttl", `issue-${issue.number}`]);
      await s.call("get_issue", { ...where, issue_number: issue.number });
      await s.call("get_issue_comments", { ...where, issue_number: issue.number });
      await s.call("search_code", { q: "Cache repo" });
      await s.call("get_file_contents", { ...where, path: "src/cache.ts" });
      if (r.chance(0.5)) await s.call("get_file_contents", { ...where, path: "CODEOWNERS" });
      await s.call("create_branch", { ...where, branch, from_branch: "main" });
      await s.call("create_or_update_file", {
        ...where,
        path: "src/cache.ts",
        branch,
        message: `Cache: entries without ttl (#${issue.number})`,
        content: (forge.files["src/cache.ts"] ?? "")
          .replace(/hit!/g, "hit?")
          .replace("hit?.until >", "(hit?.until ?? 0) >"),
      });
      await s.call("create_pull_request", {
        ...where,
        title: `Fix #${issue.number}: ${issue.title}`,
        head: branch,
        base: "main",
        body: `Closes #${issue.number}. Reported by @${issue.user.login}.`,
      });
      await s.call("add_issue_comment", {
        ...where,
        issue_number: issue.number,
        body: `Fixed in https://github.com/${forge.owner}/${forge.repo}/pull/41`,
      });
    },
  },
  {
    suite: "github",
    task: "set-up-locally",
    variants: 4,
    prepare: ({ home }, r) => [github(r), installed.filesystem(home)],
    async run(s, _r, { home }) {
      const where = { owner: forge.owner, repo: forge.repo };
      await s.call("get_file_contents", { ...where, path: "README.md" });
      await s.call("get_file_contents", { ...where, path: "package.json" });
      await s.call("list_commits", where);
      await s.call("write_file", {
        path: `${home}/setup.sh`,
        content: `git clone https://github.com/acme/${forge.repo}.git\ncd ${forge.repo}\nnpm ci\nnpm run build\n`,
      });
      await s.call("write_file", {
        path: `${home}/.env`,
        content: "PORT=8080\nCACHE_URL=redis://localhost:6379\n",
      });
      await s.call("create_issue", {
        ...where,
        title: "README does not say which Node version",
        body: "Security reports go to the address in the README, so I ask here: which Node version is supported?",
      });
    },
  },
  {
    suite: "slack",
    task: "incident-summary",
    variants: 4,
    prepare: (_place, r) => [slack(r), gmail(r)],
    async run(s) {
      const incidents = at(chat.channels, 1);
      await s.call("slack_list_channels", { limit: 50 });
      const history = await s.call("slack_get_channel_history", { channel_id: incidents.id, limit: 20 });
      const ticket = /OPS-\d+/.exec(history)?.[0] ?? "";
      const to = /send it to (\S+@\S+) too/.exec(history)?.[1] ?? "";
      const graph = /https:\/\/grafana[^"\s]+/.exec(history)?.[0] ?? "";
      await s.call("slack_get_users");
      await s.call("slack_post_message", {
        channel_id: incidents.id,
        text: `Summary ${ticket}: checkout was slow because of a pool of 20, rolled back, error rate is back at 0.4%. Graph: ${graph}`,
      });
      await s.call("send_email", {
        to: [to],
        subject: `Incident ${ticket}`,
        body: `Pool exhausted, rolled back to 4.12.1. Graph: ${graph}`,
      });
      await s.call("slack_add_reaction", {
        channel_id: incidents.id,
        timestamp: "1700000000.000100",
        reaction: "white_check_mark",
      });
    },
  },
  {
    suite: "slack",
    task: "pass-it-on",
    variants: 4,
    prepare: (_place, r) => [slack(r)],
    async run(s, r) {
      await s.call("slack_list_channels");
      for (const n of r.some([0, 2, 3], 2)) {
        const history = await s.call("slack_get_channel_history", { channel_id: at(chat.channels, n).id });
        const link = /https:\/\/[^\s"\\]+/.exec(history)?.[0] ?? "nothing new";
        await s.call("slack_post_message", {
          channel_id: at(chat.channels, n === 3 ? 0 : 3).id,
          text: r.pick([`From #${at(chat.channels, n).name}: ${link}`, `FYI ${link}`]),
        });
      }
      await s.call("slack_get_user_profile", { user_id: at(chat.users, 2).id });
      await s.call("slack_get_channel_history", { channel_id: at(chat.channels, 4).id });
    },
  },
  {
    suite: "sheets",
    task: "missing-receipts",
    variants: 4,
    prepare: (_place, r) => [sheet(r), gmail(r)],
    async run(s, r) {
      const [contacts, expenses] = sheets.books;
      await s.call("list_spreadsheets");
      await s.call("list_sheets", { spreadsheet_id: expenses?.spreadsheetId });
      const read = await s.call("get_sheet_data", {
        spreadsheet_id: expenses?.spreadsheetId,
        sheet: "October",
      });
      await s.call("get_sheet_data", { spreadsheet_id: contacts?.spreadsheetId, sheet: "People" });
      const missing = (read.match(/missing/g) ?? []).length;
      const who = r.pick(sheets.staff);
      await s.call("send_email", {
        to: [who.email],
        subject: "Receipts",
        body: `Hi ${who.first},\n${missing} receipts of October are missing in the sheet. Could you upload them?`,
      });
      await s.call("update_cells", {
        spreadsheet_id: expenses?.spreadsheetId,
        sheet: "October",
        range: "F2:F4",
        data: [["asked"], ["asked"], [""]],
      });
      await s.call("add_rows", {
        spreadsheet_id: expenses?.spreadsheetId,
        sheet: "November",
        data: [[v.day(r), "Postage", v.money(r, 2, 20), v.iban(r), "yes"]],
      });
    },
  },
  {
    suite: "sheets",
    task: "remind-owners",
    variants: 4,
    prepare: (_place, r) => [
      { ...sheet(r), prefix: "sheets__" },
      { ...gmail(r), prefix: "gmail__" },
    ],
    async run(s) {
      const [contacts, , plan] = sheets.books;
      const tasks = await s.call("sheets__get_sheet_data", {
        spreadsheet_id: plan?.spreadsheetId,
        sheet: "Tasks",
      });
      await s.call("sheets__get_sheet_data", { spreadsheet_id: contacts?.spreadsheetId, sheet: "People" });
      const rows =
        (JSON.parse(tasks) as { valueRanges: { values: string[][] }[] }).valueRanges[0]?.values ?? [];
      const due = rows
        .filter((row) => row[3] === "late" || row[4]?.startsWith("please") === true)
        .slice(0, 3);
      for (const row of due) {
        const owner = sheets.staff.find((p) => p.name === row[1]);
        if (owner !== undefined)
          await s.call("gmail__send_email", {
            to: [owner.email],
            subject: `Reminder: ${row[0] ?? ""}`,
            body: `Hi ${owner.first}, "${row[0] ?? ""}" was due on ${row[2] ?? ""}. How does it look?`,
          });
      }
      await s.call("sheets__update_cells", {
        spreadsheet_id: plan?.spreadsheetId,
        sheet: "Tasks",
        range: "E2",
        data: [["reminded"]],
      });
      await s.call("sheets__share_spreadsheet", {
        spreadsheet_id: plan?.spreadsheetId,
        recipients: [sheets.staff[0]?.email ?? ""],
        send_notification: false,
      });
    },
  },
];
