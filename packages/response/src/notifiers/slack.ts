import { z } from "zod";
import type { HttpAnswer } from "../http/index.ts";
import type { NotifyOutcome } from "../notifier.ts";
import { secretPlace } from "../secret-place.ts";
import { cut, type Message, messageOf, messageText, withLabel } from "../wording/message.ts";
import { jsonOf, outcomeOfStatus, ownCode, post, retryAfterMs, secretAddress } from "./http-outcome.ts";
import { address, COMMON, notifierKind, WORDS } from "./kind.ts";

const POST_MESSAGE = "https://slack.com/api/chat.postMessage";

// Block Kit's limits.
const MAX_HEADER_CHARS = 150;
const MAX_SECTION_CHARS = 3000;
const MAX_BUTTON_URL_CHARS = 3000;
const MAX_FALLBACK_CHARS = 3000; // the text of the notification on a screen; Slack advises 4,000 at most

// chat.postMessage answers 200 with one of these where trying again helps.
const LATER = new Set([
  "ratelimited",
  "rate_limited",
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
]);

const schema = z
  .strictObject({
    type: z.literal("slack"),
    ...COMMON,
    ...WORDS,
    webhook_url: secretPlace
      .optional()
      .describe("where an incoming webhook's address stands: it is a secret"),
    token: secretPlace.optional().describe("a bot token with chat:write, in place of webhook_url"),
    channel: z.string().min(1).max(80).optional().describe("with token: the channel's id"),
    url: address.default(POST_MESSAGE).describe("with token: the method's address"),
    buttons: z.boolean().default(true).describe("false: links stand in the text"),
  })
  .refine((slack) => (slack.webhook_url === undefined) !== (slack.token === undefined), {
    error: "give either webhook_url or token",
  })
  .refine((slack) => (slack.token === undefined) === (slack.channel === undefined), {
    error: "channel belongs to token",
  });

/** Slack, by an incoming webhook or `chat.postMessage`. All text is `plain_text`: nothing in it is markup, mention or link. */
export const slack = notifierKind({
  type: "slack",
  schema,
  create({ name, webhook_url, token, channel, url, buttons, title, text }, { http, secret, now }) {
    const target = webhook_url === undefined ? () => url : secretAddress(webhook_url, secret);
    const authorization = (): Record<string, string> =>
      token === undefined ? {} : { authorization: `Bearer ${secret(token)}` };
    authorization();
    return {
      name,
      to: new URL(target()).origin,
      notify: (notification, signal) => {
        const message = messageOf(notification, { title, text });
        const body = JSON.stringify({
          ...(channel === undefined ? {} : { channel }),
          ...slackMessage(message, buttons),
        });
        const headers = { "content-type": "application/json; charset=utf-8", ...authorization() };
        const read = token === undefined ? undefined : (answer: HttpAnswer) => methodOutcome(answer, now());
        return post(
          http,
          target(),
          { headers, body, signal },
          { now, ...(read === undefined ? {} : { read }) },
        );
      },
    };
  },
});

/** https://docs.slack.dev/messaging/formatting-message-text: `&`, `<` and `>` are control characters in every text object. */
export function slackEscaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function slackMessage(message: Message, buttons: boolean): Record<string, unknown> {
  const links = message.links.filter(({ url }) => url.length <= MAX_BUTTON_URL_CHARS);
  const withUrls = links.map(({ label, url }) => `${label}: ${url}`);
  const parts = message.parts.map(({ label, value }) => withLabel(label, value));
  const lines = buttons ? parts : [...parts, ...withUrls];
  const actions = links.map(({ label, url }) => ({
    type: "button",
    text: plainText(label, 75),
    url,
  }));
  return {
    // What a phone's screen shows is parsed as markup, unlike the blocks.
    text: withoutMarkup(cut(`${message.title}: ${messageText(message)}`, MAX_FALLBACK_CHARS)),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: "header", text: plainText(message.title, MAX_HEADER_CHARS) },
      ...lines.map((line) => ({ type: "section", text: plainText(line, MAX_SECTION_CHARS) })),
      ...(buttons && actions.length > 0 ? [{ type: "actions", elements: actions }] : []),
    ],
  };
}

function plainText(text: string, max: number): Record<string, unknown> {
  return { type: "plain_text", emoji: false, text: cutEscaped(text, max) };
}

/** The limit counts what is sent, in which `<` is four characters. */
function cutEscaped(text: string, max: number): string {
  return slackEscaped(cut(text, max, (part) => slackEscaped(part).length));
}

function withoutMarkup(text: string): string {
  return slackEscaped(text.replace(/[*_~`]/g, " "));
}

/** `chat.postMessage` says in its body what went wrong. */
function methodOutcome(answer: HttpAnswer, now: number): NotifyOutcome {
  if (answer.status !== 200) return outcomeOfStatus(answer, now);
  const body = Object(jsonOf(answer));
  if (body.ok === true) return { kind: "delivered" };
  const code = ownCode(body.error);
  const reason = `Slack answered ${code}`;
  if (!LATER.has(code) && body.error !== undefined) return { kind: "refused", reason };
  const afterMs = retryAfterMs(answer.headers.get("retry-after"), now);
  return { kind: "retry", about: "receiver", reason, afterMs };
}
