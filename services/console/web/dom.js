import { visible } from "./visible.js";

/**
 * Builds elements. Strings become text nodes and nothing else, with hidden characters made visible; there is no way from
 * here to markup. Links go to this page's own views only.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on")
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "href") element.setAttribute("href", ownLink(value));
    else if (name === "class") element.className = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, visible(String(value)));
  }
  element.append(
    ...children
      .flat()
      .filter((child) => child !== null && child !== undefined)
      .map(node),
  );
  return element;
}

function node(child) {
  return child instanceof Node ? child : document.createTextNode(visible(String(child)));
}

function ownLink(href) {
  if (!href.startsWith("#/")) throw new Error("links lead to this page's own views");
  return href;
}

/** A name or word that an agent or a server made up: isolated, so that its direction can't reorder what stands beside it. */
export function said(text, extra = {}) {
  return h("bdi", { class: "said", ...extra }, text);
}

/** Captured text as a block, with its line breaks. */
export function block(text) {
  const pre = h("pre", { class: "captured", tabindex: "0" });
  pre.textContent = visible(text, { lines: true });
  return pre;
}

/** A link to a view: `view("sessions", id)`. */
export function viewLink(view, id, ...children) {
  return h("a", { href: `#/${view}/${encodeURIComponent(id)}` }, ...children);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", month: "short", day: "numeric" });

/** A time in the reader's own zone; UTC in its title. Today's times are shown without their day. */
export function time(timestamp, { milliseconds = false } = {}) {
  const at = new Date(timestamp);
  const today = at.toDateString() === new Date().toDateString();
  return h(
    "time",
    { datetime: timestamp, title: `${timestamp.replace("T", " ").replace("Z", "")} UTC` },
    `${today ? "" : `${day.format(at)} `}${(milliseconds ? exact : clock).format(at)}`,
  );
}

/** How long ago that was, kept true by `refreshAgo`; the time itself in its title. */
export function ago(timestamp) {
  const element = time(timestamp);
  element.dataset.ago = timestamp;
  element.title = `${element.textContent} (${element.title})`;
  element.textContent = agoWords(timestamp);
  return element;
}

/** Sets every `ago` on the page anew. */
export function refreshAgo() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const words = agoWords(element.dataset.ago);
    if (element.textContent !== words) element.textContent = words;
  }
}

function agoWords(timestamp) {
  const ms = Date.now() - Date.parse(timestamp);
  if (ms < 60_000) return "just now";
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  if (ms < 48 * 3_600_000) return `${Math.floor(ms / 3_600_000)} h ago`;
  return `${Math.floor(ms / 86_400_000)} days ago`;
}

/** A length of time as a person reads it. */
export function duration(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

export function bytes(count) {
  if (count === null || count === undefined) return "";
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}

/**
 * Puts rows into a container by key: rows that are there already stay the same elements, so that focus, selection and
 * what a screen reader stands on survive a refresh.
 */
export function keyed(container, rows, key, make) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const wanted = rows.map((row) => {
    const signature = key(row);
    const element = known.get(signature) ?? make(row);
    element.dataset.key = signature;
    return element;
  });
  const stay = new Set(wanted);
  for (const child of [...container.children]) if (!stay.has(child)) child.remove();
  wanted.forEach((element, at) => {
    if (container.children[at] !== element) container.insertBefore(element, container.children[at] ?? null);
  });
}

/** Says something to those who don't see the screen. */
export function announce(text) {
  document.querySelector("#live").textContent = visible(text);
}
