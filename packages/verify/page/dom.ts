/** The page's own elements by id, each of the kind that it is; text only ever as text. */

function known<T extends Element>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page lacks #${id}`);
}

export const form = (id: string): HTMLFormElement => known(id, HTMLFormElement);
export const input = (id: string): HTMLInputElement => known(id, HTMLInputElement);
export const textArea = (id: string): HTMLTextAreaElement => known(id, HTMLTextAreaElement);
export const output = (id: string): HTMLElement => known(id, HTMLElement);

/** Control, format and separator characters are shown as what they are not: captured text is hostile. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export function element(tag: "tr" | "td" | "dt" | "dd", className: string, text?: string): HTMLElement {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  if (text !== undefined) made.textContent = text.replace(INVISIBLE, "\ufffd");
  return made;
}

/** A term and what is said of it. */
export function line(term: string, text: string): DocumentFragment {
  const both = document.createDocumentFragment();
  both.append(element("dt", "", term), element("dd", "", text));
  return both;
}
