import { h, said } from "../dom.js";

/** An incident's state, and what was done about it, in words: never by colour alone. */

const STATES = {
  open: "open",
  acknowledged: "acknowledged",
  resolved: "resolved",
  false_positive: "false positive",
};

const DONE = {
  revoked: ["ok", "stopped"],
  would_revoke: ["denied", "not stopped: dry run"],
  withheld: ["denied", "not stopped"],
  none: ["denied", "not stopped"],
  reinstated: ["tool_error", "allowed again"],
  expired: ["tool_error", "allowed again"],
  proposed: ["tool_error", "waits for approval"],
};

export function stateWords(state) {
  return STATES[state] ?? state;
}

export function stateBadges({ state, escalation, muted }, { withState = true } = {}) {
  return [
    withState ? h("span", { class: `badge state-${state}` }, stateWords(state)) : null,
    escalation > 0 && state === "open"
      ? h(
          "span",
          { class: "badge tool_error" },
          `escalated ${escalation === 1 ? "once" : `${escalation} times`}`,
        )
      : null,
    muted === null || muted === undefined
      ? null
      : h("span", { class: "badge", title: `mute ${muted}` }, "muted: nobody is told"),
  ];
}

/** Whether the agent can go on; nothing where there is no key to take away, or where it is over and nothing was done. */
export function doneBadge(kind, { state, hasKey, isWhole = true }) {
  const isOver = state === "resolved" || state === "false_positive";
  if ((!hasKey || isOver) && ["none", "withheld", "would_revoke"].includes(kind)) return null;
  const [tone, words] = isWhole ? (DONE[kind] ?? ["", kind]) : ["denied", "not stopped everywhere"];
  return h("span", { class: `badge ${tone}` }, words);
}

/** What was done, as one sentence. */
export function doneSentence({ kind, reason, revocation }) {
  const what = revocation === undefined ? "The key" : `The ${revocation.scope} `;
  const subject = revocation === undefined ? "" : said(revocation.subject);
  switch (kind) {
    case "revoked":
      return [what, subject, " was taken away: interceptors refuse its calls."];
    case "reinstated":
      return [what, subject, " was taken away, and given back since."];
    case "expired":
      return [what, subject, " was taken away for a time, which is over."];
    case "would_revoke":
      return ["Dry run: nothing was taken away; without the dry run it would have been."];
    case "proposed":
      return ["Nothing was taken away yet: ", said(reason), "."];
    default:
      return ["Nothing was taken away: ", said(reason), "."];
  }
}
