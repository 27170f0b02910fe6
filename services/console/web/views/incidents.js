import { ask, tell } from "../api.js";
import { ago, announce, h, keyed, said, viewLink } from "../dom.js";
import { untilNewer } from "./incident-changes.js";
import { doneBadge, doneSentence, stateBadges } from "./incident-words.js";
import { overviewStrip } from "./overview.js";
import { actButton, choice, empty, filterForm, person, severity } from "./parts.js";

const SEVERITIES = ["critical", "high", "medium", "low", "informational"];
const CLOSED_AT_ONCE = 10; // what is over is looked up, not looked at

/** What on-call works through: what nobody has taken first, the gravest on top; then what somebody is on; then what is over. */
export async function incidentsView(context) {
  const { query, me, signal } = context;
  const mayDecide = me.roles.includes("respond");
  const head = h("div");
  const taken = section("Somebody is on it");
  const open = section("Open: nobody has taken these");
  const closed = section("Over");
  const nothing = empty("Nothing is open.");
  const more = h(
    "button",
    { type: "button", class: "quiet", on: { click: () => void older() } },
    "Show older ones",
  );
  let names = {};
  let over = [];
  let next = null;
  let known = null;

  const wanted = (state, limit, cursor) =>
    ask("/api/incidents", { ...Object.fromEntries(query), state, limit, cursor }, signal);

  async function load() {
    const [waiting, acknowledged, done] = await Promise.all([
      wanted("open", 100),
      wanted("acknowledged", 100),
      wanted("resolved,false_positive", CLOSED_AT_ONCE),
    ]);
    names = { ...names, ...waiting.names, ...acknowledged.names, ...done.names };
    over = done.incidents;
    next = done.next;
    show(open, gravestFirst(waiting.incidents), waiting.next !== null);
    show(taken, gravestFirst(acknowledged.incidents), acknowledged.next !== null);
    show(closed, over, false);
    more.hidden = next === null;
    nothing.hidden = waiting.incidents.length > 0;
    const fresh = waiting.incidents.filter(({ id }) => known !== null && !known.has(id)).length;
    if (fresh > 0) announce(`${fresh} new incidents`);
    known = new Set([...waiting.incidents, ...acknowledged.incidents, ...over].map(({ id }) => id));
  }

  async function older() {
    const page = await wanted("resolved,false_positive", 50, next);
    names = { ...names, ...page.names };
    over = [...over, ...page.incidents];
    next = page.next;
    show(closed, over, false);
    more.hidden = next === null;
  }

  function show({ whole, list, note }, incidents, hasMore) {
    keyed(
      list,
      incidents,
      (incident) => `${incident.id} ${incident.version}`,
      (incident) => incidentCard(incident, { names, mayDecide, signal, load }),
    );
    whole.hidden = incidents.length === 0;
    note.hidden = !hasMore;
  }

  head.replaceChildren(overviewStrip(context.overview));
  await load();
  context.onNews(async (overview) => {
    head.replaceChildren(overviewStrip(overview));
    if (over.length <= CLOSED_AT_ONCE) await load(); // else someone reads further down
  });
  return [
    h("h1", {}, "Incidents"),
    nothing,
    open.whole,
    taken.whole,
    head,
    closed.whole,
    h("p", {}, more),
    incidentFilters(query),
  ];
}

function section(title) {
  const list = h("ul", { class: "cards" });
  const note = h("p", { class: "hint" }, "There are more than are shown: narrow them down below.");
  return { list, note, whole: h("section", {}, h("h2", {}, title), list, note) };
}

/** Of the same severity, the one that is going on comes first. */
function gravestFirst(incidents) {
  const rank = ({ severity: word }) => SEVERITIES.indexOf(word);
  return incidents.toSorted((a, b) => rank(a) - rank(b) || b.last_alert_at.localeCompare(a.last_alert_at));
}

/** An incident in half a screen: how grave, what, whose, what was done. */
function incidentCard(incident, { names, mayDecide, signal, load }) {
  return h(
    "li",
    { class: `card incident severity-edge-${incident.severity}` },
    h(
      "div",
      { class: "card-head" },
      severity(incident.severity),
      doneBadge(incident.done_kind, { state: incident.state, hasKey: incident.credential !== null }),
      stateBadges(incident, { withState: incident.state !== "open" }),
      ago(incident.last_alert_at),
    ),
    h("h2", {}, viewLink("incidents", incident.id, incident.summary)),
    h("p", { class: "whose" }, ...whose(incident, names)),
    h("p", {}, doneSentence({ kind: incident.done_kind, reason: incident.done_reason })),
    h(
      "p",
      { class: "hint" },
      incident.alerts === 1 ? "1 alert" : `${incident.alerts} alerts, the first `,
      incident.alerts === 1 ? null : ago(incident.opened_at),
      ` · ${incident.rule_title}`,
    ),
    mayDecide && incident.state === "open"
      ? actButton({
          label: "Acknowledge",
          act: async () => {
            await tell(`/api/incidents/${encodeURIComponent(incident.id)}/state`, { to: "acknowledged" });
            await untilNewer(incident, signal);
            await load();
          },
        })
      : null,
  );
}

/** Whose agent it is, where, and for whom it acted; only what is known. */
function whose({ agent, team, environment, credential, principal, server, tool, subject }, names) {
  const parts = [
    agent === null ? null : ["agent ", said(agent)],
    team === null ? null : ["team ", said(team)],
    environment === null ? null : ["in ", h("strong", {}, said(environment))],
    server === null ? null : ["on ", said(tool === null ? server : `${server} / ${tool}`)],
    credential === null ? null : ["key ", said(credential)],
    principal === null ? null : ["for ", person(principal, names)],
  ].filter((part) => part !== null);
  const shown = parts.length === 0 ? [["about ", said(subject)]] : parts;
  return shown.flatMap((part, at) => (at === 0 ? part : [" · ", ...part]));
}

function incidentFilters(query) {
  return filterForm("incidents", query, (text) => [
    choice(
      "severity",
      "Severity",
      [["", "any"], ...SEVERITIES.map((word) => [word, word])],
      query.get("severity") ?? "",
    ),
    text("rule", "Rule"),
    text("credential", "Credential"),
    text("server", "Server"),
  ]);
}
