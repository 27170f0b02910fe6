import { z } from "zod";
import { PLACEHOLDERS, type Placeholder, type Values } from "./values.ts";

const MARK = /\{\{\s*([^{}]*?)\s*\}\}/g;

function isPlaceholder(text: string): text is Placeholder {
  return Object.hasOwn(PLACEHOLDERS, text);
}

/** What keeps a text from being a template; undefined for a good one. */
export function templateMistake(template: string): string | undefined {
  for (const [, word = ""] of template.matchAll(MARK)) {
    if (!isPlaceholder(word)) {
      return `there is no {{${word.slice(0, 40)}}}; known are ${Object.keys(PLACEHOLDERS).join(", ")}`;
    }
  }
  return /\{\{|\}\}/.test(template.replace(MARK, ""))
    ? "a {{ without its }}, or the other way round"
    : undefined;
}

/**
 * Puts values in place of `{{words}}`. Nothing is computed, and what a value holds is never read as a template. A line in which
 * every placeholder is empty is left out.
 */
export function filled(template: string, values: Values): string {
  return template
    .split("\n")
    .flatMap((line) => {
      let hasMark = false;
      let hasValue = false;
      const text = line.replace(MARK, (mark, word: string) => {
        const value = isPlaceholder(word) ? values[word] : mark;
        hasMark = true;
        hasValue ||= value !== "";
        return value;
      });
      return hasMark && !hasValue ? [] : [text];
    })
    .join("\n");
}

const MAX_TEMPLATE_CHARS = 8192;

/** A template in `response.yaml`. */
export const template = z
  .string()
  .min(1)
  .max(MAX_TEMPLATE_CHARS)
  .superRefine((text, context) => {
    const mistake = templateMistake(text);
    if (mistake !== undefined) context.addIssue({ code: "custom", message: mistake });
  });
