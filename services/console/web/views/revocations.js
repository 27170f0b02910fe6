import { ask, tell } from "../api.js";
import { duration, h, keyed, said, time, viewLink } from "../dom.js";
import { decisionButton, empty } from "./parts.js";

const WITH_TIMES = 5; // of the newest; the others show theirs when they are opened

/** What is refused, newest first; one of them open with its measured times. */
export async function revocationsView(openId, context) {
  const list = h("ul", { class: "cards" });
  const nothing = empty("Nothing is or was revoked.");

  async function load() {
    const answer =
      openId === ""
        ? await ask("/api/revocations", { limit: 50 }, context.signal)
        : {
            revocations: [
              (await ask(`/api/revocations/${encodeURIComponent(openId)}`, {}, context.signal)).revocation,
            ],
          };
    const details = await Promise.all(
      answer.revocations
        .slice(0, WITH_TIMES)
        .map((row) => ask(`/api/revocations/${encodeURIComponent(row.id)}`, {}, context.signal)),
    );
    const rest = answer.revocations
      .slice(WITH_TIMES)
      .map((revocation) => ({ revocation, timeline: { steps: [] } }));
    keyed(
      list,
      [...details, ...rest],
      (detail) =>
        JSON.stringify([
          detail.revocation.id,
          detail.revocation.state,
          detail.timeline.steps.map((step) => step.at),
          detail.timeline.in_flight,
        ]),
      (detail) => h("li", {}, revocationCard(detail, context.me)),
    );
    nothing.hidden = answer.revocations.length > 0;
  }

  await load();
  context.onNews(load);
  return [
    openId === "" ? null : h("p", { class: "crumbs" }, h("a", { href: "#/revocations" }, "Revocations")),
    h("h1", {}, openId === "" ? "Revocations" : "Revocation"),
    list,
    nothing,
  ].filter((part) => part !== null);
}

/** A revocation: what is refused, why, how fast it went, and, where it stands alone, the way back. */
export function revocationCard({ revocation, timeline }, me, { alone = true } = {}) {
  const expired = revocation.expires_at !== null && Date.parse(revocation.expires_at) <= Date.now();
  const active = revocation.state === "active" && !expired;
  const { steps, applied_ms } = timeline;
  return h(
    "article",
    { class: `card revocation ${revocation.state}` },
    h(
      "div",
      { class: "card-head" },
      h(
        "span",
        { class: `badge ${active ? "denied" : "ok"}` },
        active ? "refused" : expired ? "expired" : "reinstated",
      ),
      h("span", { class: "hint" }, revocation.by === "policy" ? "automatically" : `by ${revocation.by}`),
      time(revocation.decided_at),
    ),
    h("h2", {}, `${revocation.scope} `, said(revocation.subject)),
    h(
      "p",
      {},
      said(revocation.reason),
      " ",
      revocation.alert_id === null ? "" : viewLink("alerts", revocation.alert_id, "See the alert"),
    ),
    active && applied_ms !== null && steps[0]?.step === "completed"
      ? h(
          "p",
          { class: "fast" },
          h("strong", {}, duration(applied_ms)),
          " from the call that completed the pattern until it was refused",
        )
      : null,
    steps.length === 0 ? null : h("ol", { class: "steps" }, steps.map(timelineStep)),
    alone ? callsUnderWay(timeline.in_flight ?? []) : null,
    onlyReporting(timeline.only_reporting ?? []),
    active && alone && me.roles.includes("respond")
      ? decisionButton({
          label: "Reinstate",
          question: "Interceptors will allow it again. Other revocations of the same subject stay.",
          act: async (reason) => {
            await tell(`/api/revocations/${encodeURIComponent(revocation.id)}/reinstate`, { reason });
            dispatchEvent(new HashChangeEvent("hashchange"));
          },
        })
      : null,
  );
}

/** Calls that had begun when the key died: nobody could stop them any more. */
function callsUnderWay(calls) {
  if (calls.length === 0) return null;
  return h(
    "div",
    {},
    h("p", {}, "Under way when it was decided, and perhaps in effect:"),
    h(
      "ul",
      {},
      calls.map((call) =>
        h(
          "li",
          {},
          viewLink("calls", call.record_id, said(`${call.server ?? "?"}/${call.tool ?? "?"}`)),
          ", begun ",
          time(call.started, { milliseconds: true }),
          call.outcome === null ? ", not known to have ended" : `, ended: ${call.outcome}`,
        ),
      ),
    ),
  );
}

function onlyReporting(producers) {
  if (producers.length === 0) return null;
  return h(
    "p",
    { class: "hint" },
    "Only report and refuse nothing: ",
    producers.flatMap((producer, index) => [index === 0 ? "" : ", ", said(producer)]),
  );
}

function timelineStep(step) {
  return h(
    "li",
    { class: step.at === null ? "pending" : "" },
    h("span", { class: "offset" }, step.after_ms === null ? "–" : `+${duration(step.after_ms)}`),
    h("span", {}, step.record_id === null ? step.label : viewLink("calls", step.record_id, step.label)),
    step.at === null ? h("span") : time(step.at, { milliseconds: true }),
  );
}
