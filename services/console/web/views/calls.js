import { ask, download } from "../api.js";
import { announce, bytes, duration, h, keyed, said, time, viewLink } from "../dom.js";
import { latestAlert, overviewStrip } from "./overview.js";
import { choice, empty, ending, filterForm, person, short } from "./parts.js";

const SPANS = [
  ["", "any time"],
  ["1", "last hour"],
  ["24", "last 24 hours"],
  ["168", "last 7 days"],
];
const OUTCOMES = ["", "ok", "denied", "tool_error", "protocol_error", "timeout", "cancelled", "in_doubt"];
const HOUR_MS = 3_600_000;

/** Recent calls, with filters; new ones come in by themselves while the newest page is shown. */
export async function callsView(context) {
  const { query, me, signal } = context;
  const body = h("tbody");
  const head = h("div");
  const more = h(
    "button",
    { type: "button", class: "quiet", on: { click: () => void older() } },
    "Show older calls",
  );
  const nothing = empty("No calls match. Wrap a server with “tripline proxy” and they show up here.");
  let rows = [];
  let names = {};
  let next = null;

  const filters = () => ({
    ...Object.fromEntries([...query].filter(([key]) => key !== "hours")),
    since: query.get("hours")
      ? new Date(Date.now() - Number(query.get("hours")) * HOUR_MS).toISOString()
      : undefined,
  });

  async function load() {
    const page = await ask("/api/calls", { ...filters(), limit: 50 }, signal);
    names = { ...names, ...page.names };
    const before = new Set(rows.map((row) => row.id));
    const fresh = page.calls.filter((row) => !before.has(row.id)).length;
    rows = page.calls;
    next = page.next;
    show();
    return fresh;
  }

  async function older() {
    const page = await ask("/api/calls", { ...filters(), limit: 50, cursor: next }, signal);
    names = { ...names, ...page.names };
    rows = [...rows, ...page.calls];
    next = page.next;
    show();
  }

  function show() {
    keyed(
      body,
      rows,
      (row) => row.id,
      (row) => callRow(row, names),
    );
    more.hidden = next === null;
    nothing.hidden = rows.length > 0;
  }

  function showHead(overview) {
    head.replaceChildren(...[overviewStrip(overview), latestAlert(overview)].filter((part) => part !== null));
  }

  showHead(context.overview);
  await load();
  context.onNews(async (overview) => {
    showHead(overview);
    if (rows.length > 50) return; // someone reads further down
    const fresh = await load();
    if (fresh > 0) announce(`${fresh} new calls`);
  });

  return [
    h("h1", { class: "visually-hidden" }, "Calls"),
    head,
    callFilters(query, me),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Calls, newest first" },
      h(
        "table",
        {},
        h("caption", {}, "Calls, newest first", h("span", { class: "live" }, "live")),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            [
              "Time",
              "Server",
              "Tool",
              "Outcome",
              "Took",
              "On behalf of",
              "Credential",
              "Session",
              "Result",
            ].map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        body,
      ),
    ),
    nothing,
    h("p", {}, more),
  ];
}

function callRow(row, names) {
  return h(
    "tr",
    { class: row.outcome === "denied" ? "denied" : "" },
    h("td", { class: "when" }, viewLink("calls", row.call_id ?? row.id, time(row.time))),
    h("td", {}, said(row.server ?? "–")),
    h("td", { class: "tool" }, said(row.tool ?? "–")),
    h("td", {}, ending(row)),
    h("td", { class: "number" }, row.duration_ms === null ? "" : duration(row.duration_ms)),
    h("td", {}, person(row.principal, names)),
    h("td", {}, said(row.credential ?? "–")),
    h("td", {}, row.session === null ? "–" : viewLink("sessions", row.session, said(short(row.session)))),
    h("td", { class: "number" }, bytes(row.result_bytes)),
  );
}

function callFilters(query, me) {
  const mayRead = me.roles.includes("read_payload");
  return filterForm(
    "calls",
    query,
    (text) => [
      choice("hours", "Time", SPANS, query.get("hours") ?? ""),
      text("principal", mayRead ? "On behalf of" : "Subject id"),
      text("server", "Server"),
      text("tool", "Tool"),
      text("credential", "Credential"),
      choice(
        "outcome",
        "Outcome",
        OUTCOMES.map((value) => [value, value === "" ? "any" : value.replace("_", " ")]),
        query.get("outcome") ?? "",
      ),
      mayRead ? text("text", "Text") : null,
    ],
    h("button", { type: "button", class: "quiet", on: { click: () => void save(query) } }, "CSV"),
  );
}

async function save(query) {
  const filters = Object.fromEntries([...query].filter(([key]) => key !== "hours"));
  const hours = query.get("hours");
  if (hours) filters.since = new Date(Date.now() - Number(hours) * HOUR_MS).toISOString();
  const blob = await download("/api/calls", { ...filters, format: "csv" });
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = "tripline-calls.csv";
  link.click();
  URL.revokeObjectURL(url);
}
