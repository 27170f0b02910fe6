import { ask, tell } from "../api.js";
import { announce, h, keyed, said, time, viewLink } from "../dom.js";
import { evidenceList, scoreSection } from "./evidence.js";
import { decisionButton, empty, facts, person, severity } from "./parts.js";
import { revocationCard } from "./revocations.js";

/** Alerts, newest first, in words. */
export async function alertsView(context) {
  const list = h("ul", { class: "cards" });
  const nothing = empty("No alerts. Rules look at every call; what they find shows up here.");
  let shown = null;

  async function load() {
    const { alerts } = await ask("/api/alerts", { limit: 100 }, context.signal);
    if (shown !== null && alerts.length > shown) announce(`${alerts.length - shown} new alerts`);
    shown = alerts.length;
    keyed(list, alerts, (alert) => `${alert.id} ${alert.state}`, alertCard);
    nothing.hidden = alerts.length > 0;
  }

  await load();
  context.onNews(load);
  return [h("h1", {}, "Alerts"), list, nothing];
}

function alertCard(alert) {
  return h(
    "li",
    { class: `card severity-edge-${alert.severity}` },
    h(
      "div",
      { class: "card-head" },
      severity(alert.severity),
      h("span", { class: "hint" }, alert.rule_title),
      time(alert.time),
    ),
    h("h2", {}, viewLink("alerts", alert.id, alert.summary)),
    h("p", {}, alert.why),
    h(
      "p",
      { class: "hint" },
      alert.credential === null ? "" : "credential ",
      alert.credential === null ? "" : said(alert.credential),
      alert.state === "open" ? "" : ` · ${alert.state}`,
    ),
    partOf(alert.incident_id),
  );
}

/** Where people work on it. */
function partOf(incidentId) {
  if (incidentId === null || incidentId === undefined) return null;
  return h("p", { class: "hint" }, viewLink("incidents", incidentId, "Part of an incident: decide there"));
}

/** One alert: what happened, why it is bad, what was done, what to do. */
export async function alertView(id, context) {
  const { alert, state, revocation, names, incident_id } = await ask(
    `/api/alerts/${encodeURIComponent(id)}`,
    {},
    context.signal,
  );
  const { actor = {}, session = {}, response } = alert;
  const mayDecide = context.me.roles.includes("respond");
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/alerts" }, "Alerts")),
    h("h1", {}, severity(alert.severity), " ", alert.summary),
    h("p", { class: "why" }, alert.why),
    partOf(incident_id),
    facts([
      ["Time", time(alert.time)],
      ["Rule", said(alert.rule.title, { title: alert.rule.id })],
      ["Version", alert.rule.hash === undefined ? null : h("code", {}, alert.rule.hash.slice(0, 12))],
      ["Looked at together", said(alert.group)],
      ["State", state],
      [
        "Credential",
        actor.credential === undefined ? null : said(`${actor.credential} (${actor.assurance ?? "unknown"})`),
      ],
      ["On behalf of", actor.principal === undefined ? null : person(actor.principal, names)],
      ["Agent", actor.agent === undefined ? null : said(actor.agent)],
      ["Session", session.id === undefined ? null : viewLink("sessions", session.id, said(session.id))],
    ]),
    h("h2", {}, "What happened"),
    evidenceList(alert.evidence),
    ...scoreSection(alert.score),
    h("h2", {}, "What was done"),
    revocation === null ? notRevoked(response, mayDecide) : revocationCard(revocation, context.me),
    h("h2", {}, "What to do"),
    h(
      "ul",
      { class: "todo" },
      alert.next.map((step) => h("li", {}, step)),
    ),
  ].filter((part) => part !== null);
}

function notRevoked(response, mayDecide) {
  const { scope, subject } = response;
  const note = response.revocable
    ? "Nothing was revoked: automatic revocation is off for this rule, or was withheld."
    : "Nothing was revoked: this rule only tells, it never revokes by itself.";
  if (!mayDecide || scope === undefined || subject === undefined) return h("p", {}, note);
  return h(
    "div",
    {},
    h("p", {}, note),
    decisionButton({
      label: `Revoke this ${scope}`,
      question: `Every interceptor will refuse ${scope} ${subject} from its next call on.`,
      danger: true,
      act: async (reason) => {
        const made = await tell("/api/revocations", { scope, subject, reason });
        location.hash = `#/revocations/${encodeURIComponent(made.id)}`;
      },
    }),
  );
}
