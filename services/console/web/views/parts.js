import { h, said } from "../dom.js";

/** Small pieces that several views use. */

const OUTCOME_WORDS = {
  ok: "ok",
  tool_error: "tool error",
  protocol_error: "protocol error",
  denied: "refused",
  timeout: "timed out",
  cancelled: "cancelled",
  in_doubt: "in doubt",
};

/** How a call ended, as a badge: never by colour alone. */
export function ending(call) {
  const kind = call.outcome ?? (call.type === "call.intent" ? "open" : call.type);
  const word = OUTCOME_WORDS[kind] ?? (kind === "open" ? "not ended" : kind);
  return h("span", { class: `badge ${kind}`, title: call.error_code ?? undefined }, word);
}

export function severity(word) {
  return h("span", { class: `badge severity-${word}` }, word);
}

/** A principal by name where the reader may know it, else the subject id, shortened. */
export function person(subject, names) {
  if (subject === null || subject === undefined) return h("span", { class: "none" }, "–");
  const known = names?.[subject]?.[0];
  return known === undefined ? said(short(subject), { title: subject }) : said(known, { title: subject });
}

export function short(id) {
  return id.length > 14 ? `${id.slice(0, 12)}…` : id;
}

export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

export function empty(text) {
  return h("p", { class: "empty" }, text);
}

/** A button that asks for a reason before it acts, and says how it went. */
export function decisionButton({ label, question, act, danger }) {
  const problem = h("p", { class: "problem", role: "alert" });
  const reason = h("input", {
    type: "text",
    required: true,
    maxlength: "500",
    "aria-label": "Reason",
    placeholder: "Reason",
  });
  const form = h(
    "form",
    {
      class: "decision",
      hidden: true,
      on: {
        submit: async (event) => {
          event.preventDefault();
          confirm.disabled = true;
          try {
            await act(reason.value.trim());
          } catch (error) {
            problem.textContent = error.message;
          } finally {
            confirm.disabled = false;
          }
        },
      },
    },
    h("p", {}, question),
    reason,
  );
  const confirm = h("button", { type: "submit", class: danger ? "danger" : "" }, label);
  const cancel = h(
    "button",
    { type: "button", class: "quiet", on: { click: () => toggle(false) } },
    "Cancel",
  );
  form.append(h("div", { class: "buttons" }, confirm, cancel), problem);
  const open = h(
    "button",
    { type: "button", class: danger ? "danger" : "", on: { click: () => toggle(true) } },
    label,
  );
  function toggle(shown) {
    form.hidden = !shown;
    open.hidden = shown;
    (shown ? reason : open).focus();
  }
  return h("div", { class: "decision-box" }, open, form);
}
