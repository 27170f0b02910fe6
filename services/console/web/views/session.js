import { ask } from "../api.js";
import { bytes, duration, h, keyed, said, time, viewLink } from "../dom.js";
import { ending, facts, person, severity } from "./parts.js";

const PAUSE_MS = 60_000; // longer than an agent thinks; shown as a pause of its own
const MAX_SHOWN = 2_000; // calls; a longer session is read through the API

/** One session as a timeline: its calls in order, pauses, and the alerts where they were raised. */
export async function sessionView(id, context) {
  const list = h("ol", { class: "timeline" });
  const about = h("div");
  const note = h("p", { class: "hint" });

  async function load() {
    const session = await whole(id, context.signal);
    const first = session.calls[0];
    const last = session.calls.at(-1);
    const start = Date.parse(first.time);
    about.replaceChildren(
      facts([
        ["Began", time(first.time)],
        ["Lasted", duration(Date.parse(last.time) - start)],
        ["Calls", String(session.calls.length)],
        ["Refused", String(session.calls.filter((call) => call.outcome === "denied").length)],
        ["On behalf of", first.principal === null ? null : person(first.principal, session.names)],
        ["Agent", first.agent === null ? null : said(first.agent)],
        ["Credential", first.credential === null ? null : said(`${first.credential} (${first.assurance})`)],
        ["Session from", first.session_source],
      ]),
    );
    note.textContent = session.next === null ? "" : `The first ${MAX_SHOWN} calls; the rest is in the API.`;
    keyed(
      list,
      items(session, start),
      (item) => item.key,
      (item) => item.make(),
    );
  }

  await load();
  context.onNews(load);
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/calls" }, "Calls")),
    h("h1", {}, "Session ", said(id.length > 40 ? `${id.slice(0, 36)}…` : id, { title: id })),
    about,
    h("h2", {}, "What happened"),
    list,
    note,
  ];
}

async function whole(id, signal) {
  const path = `/api/sessions/${encodeURIComponent(id)}`;
  const session = await ask(path, { limit: 500 }, signal);
  let next = session.next;
  while (next !== null && session.calls.length < MAX_SHOWN) {
    const page = await ask(path, { limit: 500, cursor: next }, signal);
    session.calls.push(...page.calls);
    next = page.next;
  }
  return { ...session, next };
}

function items({ calls, alerts }, start) {
  const result = [];
  let before = start;
  const shown = new Set();
  for (const call of calls) {
    const at = Date.parse(call.time);
    if (at - before > PAUSE_MS) {
      const pause = at - before;
      result.push({
        key: `pause ${call.id}`,
        make: () => h("li", { class: "pause" }, `${duration(pause)} of silence`),
      });
    }
    before = at;
    result.push({ key: `${call.id} ${call.outcome}`, make: () => callItem(call, at - start) });
    for (const alert of alerts) {
      // The call's own record may not be the one that completed the pattern: its intent was written before it.
      if (shown.has(alert.id) || (alert.record_id !== call.id && alert.time > call.time)) continue;
      shown.add(alert.id);
      result.push({ key: alert.id, make: () => alertItem(alert) });
    }
  }
  for (const alert of alerts.filter((each) => !shown.has(each.id)))
    result.push({ key: alert.id, make: () => alertItem(alert) });
  return result;
}

/** Time since the session's start: exact while it is short, then as minutes and seconds. */
function offsetOf(ms) {
  if (ms < 60_000) return `+${duration(ms)}`;
  return `+${Math.floor(ms / 60_000)}:${String(Math.floor((ms % 60_000) / 1000)).padStart(2, "0")}`;
}

function callItem(call, offset) {
  const sizes = [
    call.args_bytes ? `${bytes(call.args_bytes)} in` : "",
    call.result_bytes ? `${bytes(call.result_bytes)} out` : "",
  ];
  return h(
    "li",
    { class: `step ${call.outcome ?? "open"}` },
    h("span", { class: "offset", title: call.time }, offsetOf(offset)),
    h(
      "span",
      { class: "what" },
      viewLink("calls", call.call_id ?? call.id, said(call.server ?? "?"), " / ", said(call.tool ?? "?")),
    ),
    ending(call),
    h(
      "span",
      { class: "hint" },
      [call.duration_ms === null ? "" : duration(call.duration_ms), ...sizes]
        .filter((part) => part !== "")
        .join(" · "),
    ),
  );
}

function alertItem(alert) {
  return h(
    "li",
    { class: `alarm severity-edge-${alert.severity}` },
    severity(alert.severity),
    viewLink("alerts", alert.id, alert.summary),
    h("p", {}, alert.why),
  );
}
