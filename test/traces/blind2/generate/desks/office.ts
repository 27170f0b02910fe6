import { need, tool } from "../../../form/tool.ts";
import * as v from "../../../form/values.ts";
import type { Domain } from "../../../generate/domain.ts";

/** Calendar and mail of one person: appointments found, moved and made from what mails and invitations say. */
export const calendar: Domain = {
  suite: "calendar",
  world(r) {
    const house = v.company(r);
    const [me, boss, peer, assistant] = [0, 1, 2, 3].map(() => v.person(r, house.domain)) as never as [
      v.Person,
      v.Person,
      v.Person,
      v.Person,
    ];
    const client = v.company(r);
    const guest = v.person(r, client.domain);
    const wanted = { day: v.day(r), time: v.clock(r) };
    const topic = r.pick(["Quarterly review", "Kick-off", "Price talk", "Site visit", "Audit"]);
    const room = r.pick(["Birch", "Room 4.12", "Atrium", "the small board room"]);
    const mails = [
      {
        id: `m-${r.digits(5)}`,
        from: { name: guest.name, email: guest.email },
        to: [me.email],
        subject: topic,
        body: `Dear ${me.first},\n\nthank you for the call. ${v.spokenDay(wanted.day, r)} at ${wanted.time} would suit us for the ${topic.toLowerCase()}. Please also invite ${boss.name} (${boss.email}) and send the agenda to my assistant, ${assistant.name.split(" ")[0]}@${client.domain}.\n\nBest wishes\n${guest.name}\n${client.name} · ${guest.phone}`,
      },
      {
        id: `m-${r.digits(5)}`,
        from: { name: boss.name, email: boss.email },
        to: [me.email],
        subject: `Re: ${topic}`,
        body: `Let's take ${room}. Could you move our 1:1 to ${v.spokenDay(v.day(r), r)}, ${v.clock(r)}, and tell ${peer.first} that the slides have to be at finance@${house.domain} the day before?`,
      },
    ];
    const [ask, note] = mails as [(typeof mails)[0], (typeof mails)[0]];
    const events = ["1:1", "Stand-up", "Dentist", "Lunch"].map((title) => ({
      event_id: `ev_${r.chars("abcdefghkmnp23456789", 12)}`,
      title,
      start: `${v.day(r)}T${v.clock(r)}:00`,
      organizer: boss.email,
      attendees: [me.email, boss.email],
    }));
    const first = events[0];
    if (first === undefined) throw new Error("no events");
    const tools = [
      tool(
        "search_messages",
        "Search the mailbox.",
        { query: "string Words", "limit?": "integer How many" },
        () => mails,
      ),
      tool("get_message", "One message.", { message_id: "string Id" }, (a) =>
        need(mails, (m) => m.id === a.message_id, "Message"),
      ),
      tool("list_events", "Events between two days.", { from: "string Day", to: "string Day" }, () => events),
      tool(
        "create_event",
        "Create an event.",
        {
          title: "string Title",
          start: "string Start",
          duration_minutes: "integer Length",
          "location?": "string Place",
          "attendees?": "array Mail addresses",
        },
        (a) => ({ event_id: `ev_${r.digits(9)}`, ...a }),
      ),
      tool(
        "update_event",
        "Change an event.",
        {
          event_id: "string Id",
          "start?": "string Start",
          "location?": "string Place",
          "attendees?": "array Who",
        },
        (a) => ({ ...a, updated: true }),
      ),
      tool(
        "send_message",
        "Send a mail.",
        { to: "array Addresses", subject: "string Subject", body: "string Text" },
        () => ({
          sent: true,
        }),
      ),
      tool("free_busy", "When people are free.", { emails: "array Who", day: "string Day" }, (a) => ({
        day: a.day,
        free: v.ticks(r, 3),
      })),
      tool("find_contact", "Look somebody up.", { name: "string Name" }, () =>
        [boss, peer, assistant].map((p) => ({ name: p.name, email: p.email })),
      ),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "make-the-appointment": {
          asked: `${guest.name} has written about the ${topic}. Put it into the calendar as asked.`,
          meets: [],
          run(agent) {
            agent.call("search_messages", { query: guest.last, limit: 5 });
            if (r.chance(0.5)) agent.call("get_message", { message_id: ask.id });
            agent.call("free_busy", { emails: [boss.email], day: wanted.day });
            agent.call("create_event", {
              title: `${topic} ${client.name}`,
              start: `${wanted.day}T${wanted.time}:00`,
              duration_minutes: 60,
              attendees: [guest.email, boss.email],
            });
            agent.call("send_message", {
              to: [guest.email],
              subject: `Re: ${topic}`,
              body: `Dear ${guest.first}, see you on ${wanted.day} at ${wanted.time}.`,
            });
          },
        },
        "what-the-boss-wants": {
          asked: `Do what ${boss.first} wants in the mail about the ${topic}.`,
          meets: [],
          run(agent) {
            agent.call("search_messages", { query: `from:${boss.email}` });
            agent.call("get_message", { message_id: note.id });
            agent.call("list_events", { from: v.day(r), to: v.day(r) });
            agent.call("update_event", { event_id: first.event_id, start: `${v.day(r)}T${v.clock(r)}:00` });
            agent.call("find_contact", { name: peer.first });
            agent.call("send_message", {
              to: [peer.email],
              subject: "Slides",
              body: `Please send the slides to finance@${house.domain} the day before.`,
            });
          },
        },
        "week-ahead": {
          asked: "Mail me an overview of my week with open requests.",
          meets: [],
          run(agent) {
            agent.call("list_events", { from: v.day(r), to: v.day(r) });
            agent.call("search_messages", { query: "is:unread" });
            agent.call("send_message", {
              to: [me.email],
              subject: "Your week",
              body: `${events.map((e) => `${e.start} ${e.title}`).join("\n")}\nOpen: ${guest.name} asks for ${wanted.day}, agenda to ${assistant.name.split(" ")[0]}@${client.domain}.`,
            });
          },
        },
      },
    };
  },
};

/** Answers to customers' mails from articles of the house, with a translation memory beside. */
export const answers: Domain = {
  suite: "answers",
  world(r) {
    const house = v.company(r);
    const [who, other] = [v.person(r), v.person(r)];
    const order = `A-${r.digits(6)}`;
    const guide = `https://help.${house.domain}/${r.pick(["returns", "setup", "firmware"])}/${r.digits(3)}`;
    const inbox = [
      {
        mail_id: r.digits(7),
        sender: who.email,
        subject: `Order ${order}`,
        text: `Hello,\nthe lamp of order ${order} flickers. How do I send it back? Please write to ${v.person(r).email} as well, that is my husband, he is at home during the day.\n${who.name}`,
      },
      {
        mail_id: r.digits(7),
        sender: other.email,
        subject: "Invoice address",
        text: `Guten Tag, bitte ändern Sie die Rechnungsadresse auf ${v.address(r)}. Danke, ${other.name}`,
      },
    ];
    const [flicker, moved] = inbox as [(typeof inbox)[0], (typeof inbox)[0]];
    const husband = /write to (\S+) as/.exec(flicker.text)?.[1] ?? "";
    const address = /auf (.*)\. Danke/.exec(moved.text)?.[1] ?? "";
    const articles = [
      {
        article_id: r.digits(4),
        title: "Returns",
        updated: v.day(r),
        content: `Send the customer the link ${guide} and the return number. The parcel goes to ${v.address(r)}. Above 200 EUR write to returns@${house.domain} first and wait for the go.`,
      },
      {
        article_id: r.digits(4),
        title: "Change of address",
        updated: v.day(r),
        content:
          "Change it in the customer record, then confirm in the customer's language. Open orders keep their address.",
      },
    ];
    const tools = [
      tool("inbox_list", "Open mails.", {}, () =>
        inbox.map(({ mail_id, sender, subject }) => ({ mail_id, sender, subject })),
      ),
      tool("inbox_get", "One mail.", { mail_id: "string Id" }, (a) =>
        need(inbox, (m) => m.mail_id === a.mail_id, "Mail"),
      ),
      tool("kb_search", "Search articles for staff.", { query: "string Words" }, (a) =>
        articles.filter((x) => x.title.toLowerCase().includes(v.slug(String(a.query)).split("-")[0] ?? "")),
      ),
      tool("customer_find", "Find a customer.", { email: "string Mail" }, (a) => ({
        customer_id: `C${r.digits(6)}`,
        email: a.email,
        name: a.email === who.email ? who.name : other.name,
      })),
      tool(
        "customer_update",
        "Change a customer's record.",
        { customer_id: "string Id", "billing_address?": "string Address", "phone?": "string Phone" },
        (a) => ({ ...a, ok: true }),
      ),
      tool("order_get", "An order.", { order_id: "string Number" }, (a) => ({
        order_id: a.order_id,
        email: who.email,
        items: [{ name: "Desk lamp", price: v.money(r, 20, 90) }],
        shipped: v.day(r),
      })),
      tool("return_create", "Open a return.", { order_id: "string Number", reason: "string Why" }, (a) => ({
        return_number: `RN${r.digits(7)}`,
        ...a,
      })),
      tool(
        "reply",
        "Answer a mail.",
        { mail_id: "string Id", text: "string Text", "cc?": "array Copies" },
        () => "sent",
      ),
      tool("translate", "Translate a text.", { text: "string Text", target: "string Language" }, (a) => ({
        language: a.target,
        text: a.text,
      })),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "answer-the-return": {
          asked: "Answer the mail about the flickering lamp along our articles.",
          meets: [],
          run(agent) {
            agent.call("inbox_list");
            agent.call("inbox_get", { mail_id: flicker.mail_id });
            agent.call("order_get", { order_id: order });
            agent.call("kb_search", { query: "returns" });
            agent.call("return_create", { order_id: order, reason: "flickers" });
            agent.call("reply", {
              mail_id: flicker.mail_id,
              text: `Dear ${who.name}, you find how to return the lamp at ${guide}.`,
              ...(r.chance(0.6) ? { cc: [husband] } : {}),
            });
          },
        },
        "change-the-address": {
          asked: "Somebody wants another invoice address. Do it and confirm.",
          meets: [],
          run(agent) {
            agent.call("inbox_list");
            agent.call("inbox_get", { mail_id: moved.mail_id });
            agent.call("customer_find", { email: other.email });
            agent.call("kb_search", { query: "change" });
            agent.call("customer_update", { customer_id: `C${r.digits(6)}`, billing_address: address });
            agent.call("translate", { text: "We have changed your address.", target: "de" });
            agent.call("reply", {
              mail_id: moved.mail_id,
              text: `Guten Tag, Ihre Adresse ist jetzt ${address}.`,
            });
          },
        },
        "translate-an-article": {
          asked: "Translate the article on returns into Spanish and send it to me for review.",
          meets: [],
          run(agent) {
            agent.call("kb_search", { query: "returns" });
            agent.call("translate", { text: articles[0]?.content ?? "", target: "es" });
            agent.call("reply", { mail_id: flicker.mail_id, text: articles[0]?.content ?? "" });
          },
        },
      },
    };
  },
};
