import type { Random } from "../form/random.ts";
import { need, type Tool, text, tool } from "../form/tool.ts";
import * as v from "../form/values.ts";

export interface Mail {
  id: string;
  thread: string;
  from: string;
  to: string;
  subject: string;
  date: string;
  labels: string[];
  body: string;
}

const LEGAL =
  "This message and its attachments are confidential and meant for the addressee only. If you received it by mistake, tell the sender and delete it; do not copy, forward or use its content. E-mails can be read, changed or lost on their way, we take no liability for that. Contracts are only concluded in writing. Please think of the environment before you print this mail.";

const THREAD = [
  "Sounds good, let us see what the others say.",
  "I checked with purchasing, they need the cost centre and the name of the approver before anything is ordered.",
  "Could somebody please update the wiki? The page still shows last year's process and new people get lost.",
  "Fine with me. I am travelling until Wednesday, call me if it is urgent.",
  "Sorry for the late answer. The draft is in the shared folder, section three still needs numbers from the regions.",
  "We said in the meeting that the old list is kept until the end of the quarter; please do not delete it before.",
  "Adding the team. Please reply to all so that nobody is left out.",
];

/** What stands below a mail: legal words, and the thread so far. */
function below(r: Random, people: readonly v.Person[]): string {
  const quoted = Array.from({ length: r.int(3, 9) }, (_, depth) => {
    const who = r.pick(people);
    const mark = "> ".repeat(Math.min(depth + 1, 4));
    return `${mark}On ${v.day(r)} ${who.name} <${who.email}> wrote:\n${mark}${r.pick(THREAD)}\n${mark}${r.pick(THREAD)}`;
  });
  return `\n\n${LEGAL}\n\n${quoted.join("\n")}`;
}

/** The mailbox of one person, the same for the same seed. */
export function mailbox(r: Random): {
  me: v.Person;
  colleagues: v.Person[];
  mails: Mail[];
  partner: ReturnType<typeof v.company>;
} {
  const us = v.company(r);
  const me = v.person(r, us.domain);
  const colleagues = Array.from({ length: 4 }, () => v.person(r, us.domain));
  const partner = v.company(r);
  const [boss, peer, clerk] = colleagues;
  const guest = v.person(r, partner.domain);
  const assistant = v.person(r, partner.domain);
  const friend = v.person(r);
  const id = () => r.chars("0123456789abcdef", 16);
  const named = (p: v.Person | undefined) => (p === undefined ? "" : `${p.name} <${p.email}>`);
  const date = v.day(r);
  const order = r.digits(8);
  const body: [string, string, string][] = [
    [
      named(guest),
      `Meeting ${v.spokenDay(date, r)}`,
      `Hi ${me.first},\n\ncould we meet on ${date} at ${v.clock(r)}? Please send the slides to my assistant ${assistant.name} as well (${assistant.email}), she prints them.\n\nBest\n${guest.first}\n\n--\n${guest.name} | ${partner.name}\n${guest.phone} | www.${partner.domain}`,
    ],
    [
      named(boss),
      "Numbers for the board",
      `Morning ${me.first},\nI need revenue per region for Q3 and a sentence on each outlier. ${clerk?.name ?? ""} has the file. Please send it to ${peer?.email ?? ""} and me by noon.\n${boss?.first ?? ""}`,
    ],
    [
      named(peer),
      "Re: Numbers for the board",
      `North 412.6k (+3.8%), South 298.1k (-1.2%), West 350.0k (+0.4%), Online 1,204.9k (+12.1%).\nThe online jump is the autumn campaign, see https://wiki.${us.domain}/campaign/autumn.\n\n> I need revenue per region for Q3`,
    ],
    [
      `"${partner.name} Shop" <noreply@mail.${partner.domain}>`,
      `Your order ${order} has shipped`,
      `Thank you for shopping with us!\n\nOrder ${order}\n1 x Desk lamp, brass   89.00\n2 x LED bulb E27        11.80\nTotal                  100.80 EUR\n\nTrack it: https://track.${partner.domain}/p/${r.digits(12)}\n\nQuestions? Write to support@${partner.domain} or call ${v.phone(r)}.\nYou receive this mail because you placed an order. Unsubscribe: https://mail.${partner.domain}/u?i=${r.digits(6)}`,
    ],
    [
      named(friend),
      "Saturday?",
      `Hey ${me.first}, are you coming on Saturday? We start at 7 pm at ${v.address(r)}. Bring the big pot please. My new number is ${friend.phone}.\nx ${friend.first}`,
    ],
    [
      `Travel Desk <desk@travel.${us.domain}>`,
      "Booking confirmation",
      `Dear ${me.name},\n\nyour train is booked:\n${date} ${v.clock(r)} ${v.city(r)} - ${v.city(r)}, coach ${r.int(1, 14)}, seat ${r.int(11, 99)}\nReference ${r.chars("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 6)}\nFare 79.90 EUR\n\nTo change the booking go to https://travel.${us.domain}/b/${r.digits(6)} or mail changes@travel.${us.domain}.`,
    ],
    [
      `Weekly Byte <hello@weeklybyte.news>`,
      "Issue 212: queues are hard",
      `In this issue\n\n1. Back-pressure explained with a kitchen sink\nhttps://weeklybyte.news/i/212/1\n2. A postmortem you should read\nhttps://weeklybyte.news/i/212/2\n3. Jobs: platform engineer in ${v.city(r)}, apply to jobs@${v.company(r).domain}\n\nForward this to a friend. Sponsor us: ads@weeklybyte.news`,
    ],
    [
      named(clerk),
      "Supplier bank details",
      `Hi, ${partner.name} confirmed their account by letter: ${v.iban(r)}. I put it into the sheet. Invoice ${r.digits(6)} over ${v.money(r, 200, 4000)} EUR is due on ${date}.\n${clerk?.first ?? ""}`,
    ],
    [
      `IT Service <it@${us.domain}>`,
      "Maintenance tonight",
      `Mail and VPN are down between 22:00 and 23:30. Nothing to do for you. If something does not work afterwards: it@${us.domain} or extension ${r.digits(4)}.`,
    ],
    [
      named(colleagues[3]),
      "Workshop participants",
      `Here is who comes:\n${Array.from({ length: 4 }, () => v.person(r, us.domain))
        .map((p) => `- ${p.name}, ${p.email}`)
        .join(
          "\n",
        )}\nCould you invite them? Room ${r.pick(["Alder", "Beech", "Cedar"])}, ${date}, ${v.clock(r)}.`,
    ],
  ];
  const mails = body.map(([from, subject, said], n) => ({
    id: id(),
    thread: id(),
    from,
    to: me.email,
    subject,
    date: `${v.day(r)} ${v.clock(r)}`,
    labels: n % 3 === 0 ? ["INBOX", "UNREAD"] : ["INBOX"],
    body: n % 3 === 1 ? said : `${said}${below(r, colleagues)}`,
  }));
  return { me, colleagues, mails, partner };
}

/** A mail server whose answers are plain text, as the common Gmail servers print them. */
export function tools(r: Random): Tool[] {
  const { mails, me } = mailbox(r);
  const labels = ["INBOX", "UNREAD", "IMPORTANT", "Travel", "Receipts"];
  const matching = (query: string) => {
    const words = query
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "in:inbox");
    return mails.filter((mail) =>
      words.every((word) => {
        if (word === "is:unread") return mail.labels.includes("UNREAD");
        const [field, value] = word.includes(":") ? word.split(":") : ["", word];
        if (field === "from") return mail.from.toLowerCase().includes(value ?? "");
        if (field === "subject") return mail.subject.toLowerCase().includes(value ?? "");
        return `${mail.subject} ${mail.body} ${mail.from}`.toLowerCase().includes(word);
      }),
    );
  };
  return [
    tool(
      "search_emails",
      "Searches for emails using Gmail search syntax",
      {
        query: "string Gmail search query (e.g., 'from:example@gmail.com')",
        "maxResults?": "number Maximum number of results to return",
      },
      (a) => {
        const found = matching(text(a.query));
        return (
          found
            .map((m) => `ID: ${m.id}\nSubject: ${m.subject}\nFrom: ${m.from}\nDate: ${m.date}\n`)
            .join("\n") || "No messages found."
        );
      },
    ),
    tool(
      "read_email",
      "Retrieves the content of a specific email",
      { messageId: "string ID of the email message to retrieve" },
      (a) => {
        const m = need(mails, (mail) => mail.id === a.messageId, "Message");
        return `Thread ID: ${m.thread}\nSubject: ${m.subject}\nFrom: ${m.from}\nTo: ${m.to}\nDate: ${m.date}\n\n${m.body}`;
      },
    ),
    tool(
      "send_email",
      "Sends a new email",
      {
        to: "array List of recipient email addresses",
        subject: "string Email subject",
        body: "string Email body content",
        "cc?": "array List of CC recipients",
        "threadId?": "string Thread ID to reply to",
        "inReplyTo?": "string Message ID being replied to",
      },
      (a) => {
        mails.push({
          id: r.chars("0123456789abcdef", 16),
          thread: text(a.threadId),
          from: me.email,
          to: String(a.to),
          subject: text(a.subject),
          date: "now",
          labels: ["SENT"],
          body: text(a.body),
        });
        return `Email sent successfully with ID: ${mails.at(-1)?.id ?? ""}`;
      },
    ),
    tool(
      "draft_email",
      "Draft a new email",
      {
        to: "array List of recipient email addresses",
        subject: "string Email subject",
        body: "string Email body content",
      },
      () => `Email draft created successfully with ID: r-${r.digits(18)}`,
    ),
    tool(
      "modify_email",
      "Modifies email labels (move to different folders)",
      {
        messageId: "string ID of the email message to modify",
        "addLabelIds?": "array List of label IDs to add to the message",
        "removeLabelIds?": "array List of label IDs to remove from the message",
      },
      (a) => `Email ${text(a.messageId)} labels updated successfully`,
    ),
    tool(
      "delete_email",
      "Permanently deletes an email",
      { messageId: "string ID of the email message to delete" },
      (a) => `Email ${text(a.messageId)} deleted successfully`,
    ),
    tool(
      "list_email_labels",
      "Retrieves all available Gmail labels",
      {},
      () =>
        `Found ${labels.length} labels:\n\n${labels.map((name) => `ID: ${name}\nName: ${name}\n`).join("\n")}`,
    ),
    tool(
      "create_label",
      "Creates a new Gmail label",
      { name: "string Name for the new label" },
      (a) => `Label created successfully:\nID: Label_${r.digits(2)}\nName: ${text(a.name)}`,
    ),
  ];
}
