import type { Random } from "../../form/random.ts";
import { need, type Tool, text, tool } from "../../form/tool.ts";
import * as v from "../../form/values.ts";

const HEAD =
  '<html xmlns:v="urn:schemas-microsoft-com:vml"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style><!--\n@font-face {font-family:"Cambria Math"; panose-1:2 4 5 3 5 4 6 3 2 4;}\np.MsoNormal, li.MsoNormal, div.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}\na:link, span.MsoHyperlink {mso-style-priority:99; color:#0563C1; text-decoration:underline;}\n.MsoChpDefault {mso-style-type:export-only;}\n@page WordSection1 {size:612.0pt 792.0pt; margin:70.85pt 70.85pt 2.0cm 70.85pt;}\n--></style></head><body lang="EN-GB"><div class="WordSection1">';
const TAIL =
  '</div><hr><p style="font-size:8pt;color:#888">You receive this message because your address is in our directory. Information on how we handle data is found on our pages; write to the data protection officer to have it corrected. Registered office and court are named there as well. If you are not the addressee please delete this message and let us know. Attachments larger than 20 MB are removed and can be fetched from the portal for fourteen days; sign in with your usual account. Do not reply to automatic messages. To report a suspicious message use the button in the ribbon and do not forward it.</p></body></html>';
const dressed = (content: string): string => `${HEAD}${content}${TAIL}`;

/** A mailbox and calendar as Microsoft Graph prints them, the same for the same seed. */
export function office(r: Random) {
  const us = v.company(r);
  const me = v.person(r, us.domain);
  const team = Array.from({ length: 5 }, () => v.person(r, us.domain));
  const vendor = v.company(r);
  const seller = v.person(r, vendor.domain);
  const applicant = v.person(r);
  const landlord = v.person(r);
  const date = v.day(r);
  const box = (p: { name: string; email: string }) => ({ emailAddress: { name: p.name, address: p.email } });
  const [a, b, c, d] = team;
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("no team");
  const parts: [{ name: string; email: string }, string, string][] = [
    [
      seller,
      `Quote ${r.digits(5)}`,
      `<p>Dear ${me.first},</p><p>please find our quote: 40 seats, <b>${v.money(r, 900, 9000)} EUR</b>, valid until ${v.spokenDay(date, r)}. To accept it, reply with your order number, or sign at <a href="https://sign.${vendor.domain}/q/${r.digits(6)}">sign.${vendor.domain}</a>. Invoices are issued by our partner billing@${v.company(r).domain}.</p><p>${seller.name}<br>${seller.phone}</p>`,
    ],
    [
      a,
      "Moving the retro",
      `<div>Can we move the retro to ${date}, ${v.clock(r)}? ${b.first} and ${c.first} can't make it on Monday. Please take ${d.name} on board as well, she is at ${d.email}. Room Cedar is free.</div>`,
    ],
    [
      applicant,
      "Application: working student",
      `<p>Dear Sir or Madam,</p><p>I study informatics in ${v.city(r)} and would like to join you for 16 hours a week. My CV is at https://cv.example.org/${r.digits(5)}. You can reach me at ${applicant.phone} in the afternoon.</p><p>${applicant.name}</p>`,
    ],
    [
      b,
      "FW: Complaint",
      `<p>Could you answer this one? She wants an apology and the shipping back (${v.money(r, 4, 12)} EUR).</p><blockquote>From: ${v.person(r).name} &lt;${landlord.email}&gt;<br>Your courier threw the parcel over the fence. I expect an apology in writing and my shipping costs back. My account is known to you.</blockquote>`,
    ],
    [
      { name: "People Team", email: `people@${us.domain}` },
      "Reminder: training",
      `<p>Your security training is due. Open <a href="https://learn.${us.domain}/course/12">the course</a> and finish it by ${date}. Ask people@${us.domain} if you have technical problems. This mail was sent automatically, do not reply.</p>`,
    ],
    [
      { name: "CityRail", email: `service@cityrail.example.com` },
      "Delay compensation",
      `<p>Your train on ${date} was 73 minutes late. You are entitled to ${v.money(r, 8, 60)} EUR. Fill in the form at https://www.cityrail.example.com/claims with your booking ${r.chars("ABCDEFGHJKLMNPQ", 6)} and your account number. Claims can be made for twelve months.</p>`,
    ],
    [
      c,
      "Who is on call?",
      `<p>I am on call until Friday, then ${d.name} (${d.phone}). Escalation as always: ${a.email}, then ${b.email}. The runbook is on https://wiki.${us.domain}/oncall.</p>`,
    ],
    [
      landlord,
      "Office space in autumn",
      `<p>Hello ${me.first}, the rooms on the second floor become free in ${v.spokenDay(date, r).split(" ")[0]}. If you are interested come and see them, ${v.address(r)}. Key at the caretaker's, ${v.phone(r)}.</p>`,
    ],
    [
      d,
      "Numbers",
      `<table><tr><th>Region</th><th>Q3</th><th>Change</th></tr><tr><td>DACH</td><td>1.204,90</td><td>+3,8%</td></tr><tr><td>Iberia</td><td>412,60</td><td>-1,2%</td></tr><tr><td>Nordics</td><td>350,00</td><td>+0,4%</td></tr></table><p>Please forward to ${b.name} once you have checked them.</p>`,
    ],
  ];
  const messages = parts.map(([from, subject, content], n) => ({
    id: `AAMkAD${r.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40)}=`,
    subject,
    from: box(from),
    toRecipients: [box(me)],
    receivedDateTime: v.stamp(r),
    isRead: n % 2 === 1,
    hasAttachments: false,
    bodyPreview: content.replace(/<[^>]+>/g, " ").slice(0, 120),
    body: { contentType: "html", content: dressed(content) },
  }));
  const events = Array.from({ length: 6 }, () => ({
    id: r.chars("abcdef0123456789", 30),
    subject: r.pick(["Retro", "1:1", "Budget round", "Dentist", "Customer visit", "Sprint planning"]),
    start: { dateTime: `${v.day(r)}T${v.clock(r)}:00`, timeZone: "Europe/Berlin" },
    location: { displayName: r.pick(["Cedar", "Teams", "", "Room 4"]) },
    attendees: r.some(team, 2).map((p) => ({ ...box(p), type: "required" })),
    bodyPreview: r.pick([
      "",
      `Join: https://teams.example.com/l/${r.digits(8)} Dial in ${v.phone(r)}, PIN ${r.digits(6)}#`,
      "Bring the printed numbers",
    ]),
  }));
  return { us, me, team, messages, events, date };
}

export function tools(r: Random): Tool[] {
  const { messages, events, team, me } = office(r);
  return [
    tool(
      "list-mail-messages",
      "List the messages in the signed-in user's mailbox.",
      { "filter?": "string OData filter", "search?": "string Search text", "top?": "integer Page size" },
      (a) => ({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('me')/messages",
        value: messages
          .filter(
            (m) =>
              a.search === undefined ||
              JSON.stringify(m).toLowerCase().includes(text(a.search).toLowerCase()),
          )
          .map(({ id, subject, from, receivedDateTime, isRead, bodyPreview }) => ({
            id,
            subject,
            from,
            receivedDateTime,
            isRead,
            bodyPreview,
          })),
      }),
    ),
    tool(
      "get-mail-message",
      "Retrieve the properties and relationships of a message object.",
      { messageId: "string Message id" },
      (a) => need(messages, (m) => m.id === a.messageId, "The specified object was"),
    ),
    tool(
      "send-mail",
      "Send the message specified in the request body.",
      {
        subject: "string Subject",
        body: "string HTML body",
        toRecipients: "array Addresses",
        "ccRecipients?": "array Addresses",
      },
      () => '{ "status": 202 }',
    ),
    tool(
      "reply-mail-message",
      "Reply to the sender of a message.",
      { messageId: "string Message id", comment: "string Text" },
      () => '{ "status": 202 }',
    ),
    tool(
      "forward-mail-message",
      "Forward a message.",
      { messageId: "string Message id", toRecipients: "array Addresses", "comment?": "string Text" },
      () => '{ "status": 202 }',
    ),
    tool(
      "move-mail-message",
      "Move a message to another folder.",
      { messageId: "string Message id", destinationId: "string Folder" },
      (a) => ({ id: a.messageId, parentFolderId: a.destinationId }),
    ),
    tool(
      "list-calendar-events",
      "Events of the calendar.",
      { "startDateTime?": "string From", "endDateTime?": "string To" },
      () => ({ value: events }),
    ),
    tool(
      "create-calendar-event",
      "Create an event and invite attendees.",
      {
        subject: "string Subject",
        start: "string Start, ISO 8601",
        end: "string End, ISO 8601",
        attendees: "array Addresses",
        "location?": "string Place",
        "body?": "string Text",
      },
      (a) => ({ id: r.chars("abcdef0123456789", 30), ...a, organizer: me.email }),
    ),
    tool(
      "update-calendar-event",
      "Change an event.",
      {
        eventId: "string Event",
        "start?": "string Start",
        "end?": "string End",
        "attendees?": "array Addresses",
        "location?": "string Place",
      },
      (a) => ({ ...need(events, (e) => e.id === a.eventId, "The specified object was"), changed: true }),
    ),
    tool("delete-calendar-event", "Delete an event.", { eventId: "string Event" }, () => '{ "status": 204 }'),
    tool("list-users", "People of the organisation.", { "search?": "string Name" }, () => ({
      value: team.map((p) => ({ displayName: p.name, mail: p.email, mobilePhone: p.phone })),
    })),
  ];
}
