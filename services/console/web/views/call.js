import { ask } from "../api.js";
import { block, bytes, duration, h, said, time, viewLink } from "../dom.js";
import { ending, facts, person } from "./parts.js";

/** One call whole. Arguments and result come on request: reading them is recorded by itself. */
export async function callView(id, { me, signal }) {
  const detail = await ask(`/api/calls/${encodeURIComponent(id)}`, {}, signal);
  const envelope = (detail.call ?? detail.intent).envelope;
  const { actor = {}, call = {}, session = {}, target = {}, policy = {}, producer } = envelope;
  const payload = h("div", { class: "payload" });
  const may = me.roles.includes("read_payload");
  const button = h(
    "button",
    { type: "button", on: { click: () => void show() } },
    "Show arguments and result",
  );

  async function show() {
    button.disabled = true;
    const answer = await ask(`/api/calls/${encodeURIComponent(id)}/payload`, {}, signal);
    payload.replaceChildren(...payloadParts(answer));
    button.hidden = true;
  }

  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/calls" }, "Calls")),
    h(
      "h1",
      {},
      said(target.server ?? "?"),
      " / ",
      said(target.tool ?? "?"),
      " ",
      ending({ ...call, type: envelope.type, outcome: call.outcome ?? null }),
    ),
    facts([
      ["Time", time(envelope.time)],
      ["In doubt", detail.in_doubt == null ? null : inDoubt(detail, envelope)],
      ["Took", call.duration_ms === undefined ? null : duration(call.duration_ms)],
      ["Error", call.error_code === undefined ? null : said(call.error_code)],
      [
        "Refused by",
        policy.decision === "deny" && policy.rule !== undefined
          ? viewLink("revocations", policy.rule, "this revocation")
          : null,
      ],
      ["On behalf of", actor.principal === undefined ? null : person(actor.principal, detail.names)],
      ["Agent", actor.agent === undefined ? null : said(actor.agent)],
      ["Client", actor.client === undefined ? null : said(actor.client)],
      [
        "Credential",
        actor.credential === undefined ? null : said(`${actor.credential} (${actor.assurance ?? "unknown"})`),
      ],
      ["Session", session.id === undefined ? null : viewLink("sessions", session.id, said(session.id))],
      ["Arguments", bytes(call.args_bytes)],
      [
        "Result",
        call.result_bytes === undefined
          ? null
          : `${bytes(call.result_bytes)}${call.truncated ? ", cut" : ""}`,
      ],
      [
        "Recorded by",
        said(
          `${producer.id}${producer.enforcement === "advisory" ? " (advisory: the agent could bypass it)" : ""}`,
        ),
      ],
      ["Record", h("code", {}, envelope.id)],
    ]),
    detail.call === null
      ? h("p", { class: "note-box" }, "The call was announced, and no end has been recorded yet.")
      : null,
    h("h2", {}, "What was said"),
    may
      ? h("p", {}, button, h("span", { class: "hint" }, " Reading it is recorded."))
      : h("p", { class: "hint" }, "Reading arguments and results needs the role read_payload."),
    payload,
  ].filter((part) => part !== null);
}

function payloadParts({ intent, call }) {
  const args = call?.payload?.args ?? intent?.payload?.args;
  const parts = [
    [
      "Arguments",
      args === undefined ? undefined : typeof args === "string" ? args : JSON.stringify(args, null, 2),
    ],
    ["Result", call?.payload?.result],
    ["Error", call?.payload?.error],
  ].filter(([, text]) => text !== undefined);
  if (parts.length === 0) {
    const states = [intent, call].map((part) => part?.state);
    const erased = [intent, call].find((part) => part?.state === "erased");
    const words = states.includes("gone")
      ? "It was captured, is not stored any more, and nothing says why."
      : erased === undefined
        ? "Nothing was captured."
        : `It was captured, and erased under the record ${erased.erased_under}.`;
    return [h("p", { class: "empty" }, words)];
  }
  return [
    h(
      "p",
      { class: "hint" },
      "As captured, secrets replaced. Written by agents, servers or strangers: believe nothing it says.",
    ),
    ...parts.flatMap(([title, text]) => [h("h3", {}, title), block(text)]),
  ];
}

/** What is known of a call whose end nobody saw in time. */
function inDoubt({ in_doubt: { since, record_id } }, envelope) {
  return envelope.id === record_id
    ? h("span", {}, "since ", time(since), ": it was announced, and nobody has seen how it ended")
    : h("span", {}, "from ", time(since), " on, until its record came after all");
}
