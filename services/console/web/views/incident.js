import { ask } from "../api.js";
import { ago, h, said, time, viewLink } from "../dom.js";
import { evidenceList, scoreSection } from "./evidence.js";
import { incidentActions } from "./incident-actions.js";
import { incidentWhenThere, signatureOf } from "./incident-changes.js";
import { doneBadge, doneSentence, stateBadges, stateWords } from "./incident-words.js";
import { facts, person, severity } from "./parts.js";
import { revocationCard } from "./revocations.js";

/** One incident, in the order on-call needs it: what and how grave, what was done, what to do, what happened, who did what. */
export async function incidentView(id, context) {
  const whole = h("div", { class: "incident-page" });
  const news = h(
    "p",
    { class: "note-box", role: "status", hidden: true },
    "There is something new: ",
    again(),
  );
  let shown = null;

  function again() {
    return h("button", { type: "button", class: "quiet", on: { click: () => void load() } }, "Show it");
  }

  async function load() {
    const answer = await incidentWhenThere(id, context.signal);
    shown = signatureOf(answer);
    news.hidden = true;
    whole.replaceChildren(...incidentParts(answer, context, load));
  }

  await load();
  context.onNews(async () => {
    const answer = await ask(`/api/incidents/${encodeURIComponent(id)}`, {}, context.signal);
    if (signatureOf(answer) === shown) return;
    // Somebody may be writing a reason.
    if (whole.querySelector("form.decision:not([hidden])") !== null) news.hidden = false;
    else {
      shown = signatureOf(answer);
      whole.replaceChildren(...incidentParts(answer, context, load));
    }
  });
  return [h("p", { class: "crumbs" }, h("a", { href: "#/incidents" }, "Incidents")), news, whole];
}

function incidentParts(answer, context, load) {
  const { incident, alerts, more_alerts, revocations, names } = answer;
  const { alert, done } = incident;
  const hasKey = alert.actor?.credential !== undefined;
  return [
    h("h1", {}, severity(incident.severity), " ", alert.summary),
    h(
      "p",
      { class: "standing" },
      doneBadge(done.kind, { state: incident.state, hasKey, isWhole: notWhole(revocations).length === 0 }),
      stateBadges(incident),
      h("span", {}, ...standing(incident)),
    ),
    h("p", { class: "why" }, alert.why),
    whoseFacts(incident, names),
    incidentActions(answer, context, load),
    h(
      "div",
      { class: "beside" },
      h(
        "section",
        {},
        h("h2", {}, "What was done"),
        h("p", {}, ...doneSentence(done)),
        ...notWhole(revocations).map(trouble),
        ...inFlight(underWay(done, revocations)),
        ...stillValid(alert),
      ),
      h(
        "section",
        {},
        h("h2", {}, "What to do"),
        h(
          "ul",
          { class: "todo" },
          alert.next.map((step) => h("li", {}, step)),
        ),
      ),
    ),
    h("h2", {}, "What happened"),
    incident.alerts === 1 ? null : h("p", { class: "hint" }, "The gravest of its alerts:"),
    evidenceList(alert.evidence),
    ...scoreSection(alert.score),
    revocations.length === 0 ? null : h("h2", {}, "How it was stopped, and how quickly"),
    ...revocations.map((detail) => revocationCard(detail, context.me, { alone: false })),
    h("h2", {}, "Who decided what, and when"),
    historyList(incident.history),
    h("h2", {}, incident.alerts === 1 ? "Its alert" : `Its ${incident.alerts} alerts`),
    alertList(alerts, more_alerts),
  ].filter((part) => part !== null);
}

/** Since when it has been what it is, and by whom. */
function standing({ state, history, opened_at }) {
  if (state === "open") {
    const reopened = history.findLast(({ kind }) => kind === "reopened");
    return [reopened === undefined ? "opened " : "opened again ", ago(reopened?.at ?? opened_at)];
  }
  const last = history.findLast(({ kind }) => kind === state);
  if (last === undefined) return [];
  return [`${stateWords(state)} by `, said(last.by), " ", ago(last.at)];
}

function whoseFacts({ alert, subject, alerts, opened_at, last_alert_at, rule }, names) {
  const { actor = {}, session = {}, target = {} } = alert;
  return facts([
    ["Agent", actor.agent === undefined ? null : said(actor.agent)],
    ["Team", actor.team === undefined ? null : said(actor.team)],
    ["Environment", target.environment === undefined ? null : said(target.environment)],
    ["On behalf of", actor.principal === undefined ? null : person(actor.principal, names)],
    [
      "Credential",
      actor.credential === undefined ? null : said(`${actor.credential} (${actor.assurance ?? "unknown"})`),
    ],
    ["About", actor.credential === undefined ? said(subject) : null],
    ["Session", session.id === undefined ? null : viewLink("sessions", session.id, said(session.id))],
    ["Alerts", alerts === 1 ? "1" : h("span", {}, `${alerts}, the latest `, ago(last_alert_at))],
    ["Since", time(opened_at)],
    ["Rule", said(rule.title, { title: rule.id })],
  ]);
}

const TROUBLES = { not_enforced: "enforced", upstream_failed: "upstream_verified" };

/** What is refused in one place and not in another, as steps of its timeline. */
function notWhole(revocations) {
  return revocations
    .filter(({ revocation }) => revocation.state === "active")
    .flatMap(({ timeline: { steps } }) =>
      steps.filter(
        ({ step }, at) =>
          TROUBLES[step] !== undefined && !steps.slice(at).some((later) => later.step === TROUBLES[step]),
      ),
    );
}

function trouble({ label, at }) {
  return h("p", { class: "alarm" }, said(label), at === null ? "" : " ", at === null ? "" : ago(at));
}

/** As the record knows them by now, which says how they ended; else as they were known when the key died. */
function underWay(done, revocations) {
  const known = revocations.flatMap(({ timeline }) => timeline.in_flight ?? []);
  return known.length > 0 ? known : (done.in_flight ?? []);
}

/** Calls that had begun when the key died: nobody can call them back. */
function inFlight(calls) {
  if (calls.length === 0) return [];
  return [
    h(
      "div",
      { class: "alarm" },
      h(
        "strong",
        {},
        `${calls.length === 1 ? "One call was" : `${calls.length} calls were`} under way when the key was taken away`,
      ),
      h("p", {}, "They may still take effect:"),
      h(
        "ul",
        {},
        calls.map((call) =>
          h(
            "li",
            {},
            viewLink("calls", call.record_id, said(call.server ?? "?"), " / ", said(call.tool ?? "?")),
            " began ",
            time(call.started, { milliseconds: true }),
            typeof call.outcome === "string" ? `, ended: ${call.outcome}` : ", not known to have ended",
          ),
        ),
      ),
    ),
  ];
}

/** What denying at the interceptor does not reach. */
function stillValid({ target = {} }) {
  if (target.upstream_env === undefined) return [];
  return [
    h(
      "p",
      { class: "note-box" },
      said(target.server ?? "The server"),
      "’s own key (environment variable ",
      said(target.upstream_env),
      ") is not touched and stays valid.",
    ),
  ];
}

const HISTORY_WORDS = {
  opened: "opened",
  reopened: "opened again",
  acknowledged: "acknowledged",
  resolved: "resolved",
  false_positive: "called a false positive",
  escalated: "escalated, for nobody had acknowledged it",
};

function historyList(history) {
  return h(
    "ol",
    { class: "steps history" },
    history
      .toReversed()
      .map(({ at, by, kind, note }) =>
        h(
          "li",
          {},
          time(at),
          h(
            "span",
            {},
            HISTORY_WORDS[kind] ?? kind.replaceAll("_", " "),
            ...byWhom(by, kind),
            note === undefined ? "" : ": ",
            note === undefined ? "" : said(note),
          ),
        ),
      ),
  );
}

function byWhom(by, kind) {
  if (by !== "policy" && by !== "timer") return [" by ", said(by)];
  return [kind === "opened" || kind === "escalated" ? "" : " automatically"];
}

function alertList(alerts, hasMore) {
  if (alerts.length === 0) return h("p", { class: "hint" }, "They are not stored yet.");
  return h(
    "ul",
    { class: "todo" },
    alerts.map((each) =>
      h(
        "li",
        {},
        severity(each.severity),
        " ",
        viewLink("alerts", each.id, each.summary),
        " ",
        time(each.time),
      ),
    ),
    hasMore ? h("li", { class: "hint" }, "and older ones") : null,
  );
}
