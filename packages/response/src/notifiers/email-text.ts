import type { Message } from "../wording/message.ts";
import { withLabel } from "../wording/message.ts";

/** A message as a mail's two bodies. */
export function mailBodies({ title, parts, links }: Message): { text: string; html: string } {
  const lines = [title, ...parts.map(({ label, value }) => withLabel(label, value))];
  const text = [...lines, ...links.map(({ label, url }) => `${label}: ${url}`)].join("\n\n");
  const html = [
    "<!DOCTYPE html>",
    '<html><body style="font-family: sans-serif; max-width: 45em">',
    `<h2>${escapedHtml(title)}</h2>`,
    ...parts.map(({ label, value }) => htmlPart(label, value)),
    ...links.map(({ label, url }) => `<p><a href="${escapedHtml(url)}">${escapedHtml(label)}</a></p>`),
    "</body></html>",
  ].join("\n");
  return { text: `${text}\n`, html };
}

export function escapedHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function htmlPart(label: string | undefined, value: string): string {
  const text = escapedHtml(value).replaceAll("\n", "<br>");
  return label === undefined ? `<p>${text}</p>` : `<p><b>${escapedHtml(label)}</b><br>${text}</p>`;
}
