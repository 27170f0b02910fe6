import { z } from "zod";
import { secretPlace } from "../secret-place.ts";
import { bytes, cut, type Message, messageOf } from "../wording/message.ts";
import { post, secretAddress } from "./http-outcome.ts";
import { COMMON, notifierKind, WORDS } from "./kind.ts";

const MAX_BYTES = 24_000; // Teams takes 28 KB for a message, headers of its own included
const MAX_TITLE_CHARS = 300;

const COLORS: Record<string, string> = { critical: "attention", high: "attention", medium: "warning" };

/** Microsoft Teams, by a workflow that starts when a webhook request is received; an adaptive card. */
export const teams = notifierKind({
  type: "teams",
  schema: z.strictObject({
    type: z.literal("teams"),
    ...COMMON,
    ...WORDS,
    webhook_url: secretPlace.describe("where the workflow's address stands: it is a secret"),
  }),
  create({ name, webhook_url, title, text }, { http, secret, now }) {
    const target = secretAddress(webhook_url, secret);
    return {
      name,
      to: new URL(target()).origin,
      notify: (notification, signal) => {
        const message = messageOf(notification, { title, text });
        const body = cardOf(message, COLORS[notification.incident.severity] ?? "default");
        return post(
          http,
          target(),
          { headers: { "content-type": "application/json" }, body, signal },
          { now },
        );
      },
    };
  },
});

/**
 * The message as JSON. Text runs are shown as they are; in other elements Teams reads Markdown, so captured text stands in
 * text runs alone.
 */
function cardOf(message: Message, color: string): string {
  let shorter = message;
  for (let max = 4096; ; max = Math.floor(max / 2)) {
    const json = JSON.stringify(card(shorter, color));
    if (bytes(json) <= MAX_BYTES || max < 64) return json;
    shorter = { ...message, parts: message.parts.map((part) => ({ ...part, value: cut(part.value, max) })) };
  }
}

function card({ title, parts, links }: Message, color: string): Record<string, unknown> {
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          msteams: { width: "Full" },
          body: [
            textBlock([{ text: cut(title, MAX_TITLE_CHARS), weight: "bolder", size: "large", color }]),
            ...parts.flatMap(({ label, value }) => partBlocks(label, value)),
          ],
          actions: links.map(({ label, url }) => ({ type: "Action.OpenUrl", title: label, url })),
        },
      },
    ],
  };
}

/** A line of its own for each line of the text: text runs know no line breaks. */
function partBlocks(label: string | undefined, value: string): Record<string, unknown>[] {
  const lines = value.split("\n");
  const heading = label === undefined ? [] : [{ text: `${label}: `, weight: "bolder" }];
  if (lines.length === 1) return [textBlock([...heading, { text: value }])];
  const head = label === undefined ? [] : [textBlock(heading)];
  return [...head, ...lines.map((line) => textBlock([{ text: line === "" ? " " : line }]))];
}

function textBlock(runs: { text: string; weight?: string; size?: string; color?: string }[]) {
  return { type: "RichTextBlock", inlines: runs.map((run) => ({ type: "TextRun", ...run })) };
}
