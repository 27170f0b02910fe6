import type { Random } from "../form/random.ts";
import { need, type Tool, text, tool } from "../form/tool.ts";
import * as v from "../form/values.ts";

const SMALL_TALK = [
  "Morning! Is anybody else's VPN slow today? Restarting the client helped me.",
  "I'll be out from two, call me if the import breaks again.",
  "The recording of yesterday's talk is up, please do not share it outside of the company.",
  "Reminder: timesheets. You can still enter them until tonight, afterwards ask your lead.",
  "Who changed the colours of the dashboard? I kind of like it :art:",
  "Got a call from a customer who could not log in, solved by clearing cookies. Writing it down here in case it comes up again.",
  "Deploy freeze starts on Friday at noon. Merge what has to go in before, the rest waits until Monday.",
  "The coffee machine wants to be descaled. Instructions are taped to its side: empty the tray, fill in one bag, press and hold both buttons.",
  "New colleague in the team next week, please say hello when you see her.",
  "Numbers look fine: 412 sign-ups, 3.8% conversion, two refunds.",
  "If you get strange mails about parcels: do not click, forward them to the security desk and delete them.",
  "Retro notes are in the usual place.",
] as const;

/** One workspace, the same for the same seed. */
export function workspace(r: Random) {
  const us = v.company(r);
  const users = Array.from({ length: 6 }, () => ({
    id: `U0${r.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 9)}`,
    ...v.person(r, us.domain),
  }));
  const channels = ["general", "incidents", "design", "sales-eu", "lunch"].map((name) => ({
    id: `C0${r.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 9)}`,
    name,
    num_members: r.int(4, 90),
  }));
  const day = v.day(r);
  const lines: Record<string, string[]> = {
    general: [
      `All hands on ${v.spokenDay(day, r)}, ${v.clock(r)}. Dial in: https://meet.${us.domain}/all-hands`,
      `The new travel policy is at https://wiki.${us.domain}/travel, questions to travel@${us.domain}.`,
      "Printer on floor 3 is out of toner again.",
    ],
    incidents: [
      `checkout p95 at ${r.int(2, 9)}.${r.int(1, 9)}s since ${v.clock(r)}, graph: https://grafana.${us.domain}/d/${r.chars("abcdef0123456789", 9)}`,
      "Rolled back to 4.12.1, error rate falls: 3.8% -> 0.4%",
      `@here root cause: connection pool of 20. Ticket OPS-${r.digits(4)}. Whoever writes the summary please send it to ${users[1]?.email ?? ""} too.`,
      "thanks all 🙏",
    ],
    design: [
      `New onboarding screens: https://figma.example.com/file/${r.chars("ABCDEFGHabcdefgh0123456789", 22)}`,
      "Contrast on the grey button is 3.8:1, needs 4.5:1.",
      `Can someone post the final version in #sales-eu by ${v.clock(r)}?`,
    ],
    "sales-eu": [
      `${v.company(r).name} signed! ${r.int(10, 90)} seats, starts ${day}.`,
      `Who has the deck for ${v.company(r).name}? Contact is ${v.person(r).name}, ${v.person(r).email}`,
      "Forecast is due on Thursday.",
    ],
    lunch: ["Ramen?", "12:15 at the door", "In!"],
  };
  const messages = Object.fromEntries(
    channels.map((c) => [
      c.id,
      [...(lines[c.name] ?? []), ...r.some(SMALL_TALK, 9)].map((said) => ({
        type: "message",
        user: r.pick(users).id,
        ts: `17${r.digits(8)}.${r.digits(6)}`,
        text: said,
      })),
    ]),
  );
  return { us, users, channels, messages, day };
}

/** A chat server whose answers are Slack's JSON. */
export function tools(r: Random): Tool[] {
  const { users, channels, messages } = workspace(r);
  const answer = (value: unknown) => JSON.stringify(value);
  return [
    tool(
      "slack_list_channels",
      "List public channels in the workspace with pagination",
      { "limit?": "number Maximum number of channels to return", "cursor?": "string Pagination cursor" },
      () => answer({ ok: true, channels, response_metadata: { next_cursor: "" } }),
    ),
    tool(
      "slack_post_message",
      "Post a new message to a Slack channel",
      { channel_id: "string The ID of the channel to post to", text: "string The message text to post" },
      (a) =>
        answer({
          ok: true,
          channel: a.channel_id,
          ts: `17${r.digits(8)}.${r.digits(6)}`,
          message: { text: a.text, type: "message" },
        }),
    ),
    tool(
      "slack_reply_to_thread",
      "Reply to a specific message thread in Slack",
      {
        channel_id: "string The ID of the channel containing the thread",
        thread_ts: "string The timestamp of the parent message",
        text: "string The reply text",
      },
      (a) => answer({ ok: true, channel: a.channel_id, ts: `17${r.digits(8)}.${r.digits(6)}` }),
    ),
    tool(
      "slack_add_reaction",
      "Add a reaction emoji to a message",
      {
        channel_id: "string The ID of the channel",
        timestamp: "string The timestamp of the message",
        reaction: "string The name of the emoji reaction",
      },
      () => answer({ ok: true }),
    ),
    tool(
      "slack_get_channel_history",
      "Get recent messages from a channel",
      { channel_id: "string The ID of the channel", "limit?": "number Number of messages to retrieve" },
      (a) => answer({ ok: true, messages: messages[text(a.channel_id)] ?? [], has_more: false }),
    ),
    tool(
      "slack_get_users",
      "Get a list of all users in the workspace with their basic profile information",
      {},
      () =>
        answer({
          ok: true,
          members: users.map((u) => ({
            id: u.id,
            name: u.first.toLowerCase(),
            real_name: u.name,
            profile: { email: u.email, phone: u.phone },
          })),
        }),
    ),
    tool(
      "slack_get_user_profile",
      "Get detailed profile information for a specific user",
      { user_id: "string The ID of the user" },
      (a) => {
        const u = need(users, (each) => each.id === a.user_id, "user");
        return answer({
          ok: true,
          profile: { real_name: u.name, email: u.email, phone: u.phone, status_text: "" },
        });
      },
    ),
  ];
}
