import { visibleText } from "../visible-text.ts";

/**
 * Captured text for a place where people read it: on one line, nothing hidden, and nothing that a mail client or chat would turn
 * into a link or a mention (`https[:]//`, `www[.]`, `ana[@]example.com`, `[@]here`).
 */
export function inertText(captured: string, maxChars: number): string {
  const visible = visibleText(captured, maxChars * 2); // each replacement adds characters: no more than this is looked at
  const inert = visible
    .replaceAll("://", "[:]//")
    .replace(/(mailto|tel|sms|javascript|data|file|vbscript):(?=\S)/gi, "$1[:]")
    .replace(/www\./gi, (start) => `${start.slice(0, -1)}[.]`)
    .replace(/@/g, "[@]");
  return inert.length <= maxChars ? inert : `${inert.slice(0, maxChars - 1)}…`;
}
