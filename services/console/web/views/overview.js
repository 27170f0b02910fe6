import { h, time } from "../dom.js";
import { severity } from "./parts.js";

const BINS = 48; // half an hour each
const SVG = "http://www.w3.org/2000/svg";

/** The head of the front page: what the last day was like. */
export function overviewStrip(overview) {
  const { calls, incidents, revocations, producers } = overview;
  const listening = producers.filter((producer) => !producer.stopped).length;
  return h(
    "section",
    { class: "overview", "aria-label": "The last 24 hours" },
    tile(
      "Open incidents",
      plain(incidents.open),
      incidents.open === 0 ? taken(incidents) : worst(incidents),
      "#/incidents",
      incidents.by_severity.critical + incidents.by_severity.high > 0 ? "bad" : "",
    ),
    tile("Calls", plain(calls.total), "in 24 hours", "#/calls"),
    tile(
      "Refused",
      plain(calls.denied),
      calls.denied === 0 ? "none" : "by a revocation",
      "#/calls?outcome=denied",
      calls.denied > 0 ? "warn" : "",
    ),
    tile(
      "Revoked now",
      plain(revocations.active, revocations.more),
      "keys and scopes",
      "#/revocations",
      revocations.active > 0 ? "warn" : "",
    ),
    tile("Interceptors", plain(listening), "reporting", "#/calls"),
    chart(overview),
  );
}

/** The newest alert, in a line, where there is one. */
export function latestAlert({ alerts }) {
  const alert = alerts.latest;
  if (alert === null) return null;
  return h(
    "a",
    { class: `latest severity-edge-${alert.severity}`, href: `#/alerts/${encodeURIComponent(alert.id)}` },
    severity(alert.severity),
    h("strong", {}, alert.summary),
    time(alert.time),
  );
}

function tile(label, value, note, href, tone = "") {
  return h(
    "a",
    { class: `tile ${tone}`, href },
    h("span", { class: "label" }, label),
    h("span", { class: "value" }, value),
    h("span", { class: "note" }, note),
  );
}

function plain(count, more = false) {
  return `${count.toLocaleString()}${more ? "+" : ""}`;
}

function taken({ acknowledged }) {
  return acknowledged === 0 ? "none" : `${acknowledged} taken`;
}

function worst({ by_severity }) {
  const found = ["critical", "high", "medium", "low", "informational"].find((each) => by_severity[each] > 0);
  return found === undefined ? "none" : `${by_severity[found]} ${found}`;
}

/** Calls over the day as bars; what was refused stands on top in another colour. Its words are in the tiles. */
function chart({ since, until, minutes }) {
  const start = Date.parse(since);
  const span = Date.parse(until) - start;
  const bins = Array.from({ length: BINS }, () => ({ calls: 0, denied: 0 }));
  for (const minute of minutes) {
    const bin =
      bins[Math.min(BINS - 1, Math.max(0, Math.floor(((Date.parse(minute.minute) - start) / span) * BINS)))];
    bin.calls += minute.calls;
    bin.denied += minute.denied;
  }
  const most = Math.max(1, ...bins.map((bin) => bin.calls));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${BINS * 4} 44`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Calls over the last 24 hours; at most ${most} in half an hour`);
  bins.forEach((bin, at) => {
    const height = bin.calls === 0 ? 1 : Math.max(2, (bin.calls / most) * 42);
    const denied = (bin.denied / most) * 42;
    svg.append(bar(at, height, "bar"));
    if (denied > 0) svg.append(bar(at, Math.max(2, denied), "bar denied"));
  });
  return h(
    "div",
    { class: "chart" },
    svg,
    h("div", { class: "axis" }, h("span", {}, "24 h ago"), h("span", {}, "now")),
  );
}

function bar(at, height, name) {
  const rect = document.createElementNS(SVG, "rect");
  for (const [key, value] of Object.entries({ x: at * 4 + 0.5, y: 44 - height, width: 3, height }))
    rect.setAttribute(key, String(value));
  rect.setAttribute("class", name);
  return rect;
}
