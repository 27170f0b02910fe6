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

/** A labelled control of a form. */
export function field(label, control) {
  return h("label", {}, h("span", {}, label), control);
}

/** A choice among `[value, words]`. */
export function choice(name, label, options, chosen) {
  return field(
    label,
    h(
      "select",
      { name },
      options.map(([value, words]) => h("option", { value, selected: value === chosen }, words)),
    ),
  );
}

/** Acts once, and says how it went: where it did not go well, and where `act` has something to say. */
async function doing(button, problem, act) {
  button.disabled = true;
  problem.textContent = "";
  try {
    const said = await act();
    if (typeof said === "string")
      button.closest(".decision-box").replaceChildren(h("p", { role: "status" }, said));
  } catch (error) {
    problem.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

/** A button that acts at once. */
export function actButton({ label, act }) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "button", on: { click: () => doing(button, problem, act) } }, label);
  return h("div", { class: "decision-box" }, button, problem);
}

/** A button that opens a form before it acts. `act` is given the form's values by name. */
export function formButton({ label, question, controls, act, danger, quiet }) {
  const problem = h("p", { class: "problem", role: "alert" });
  const kind = danger ? "danger" : "";
  const confirm = h("button", { type: "submit", class: kind }, label);
  const cancel = h(
    "button",
    { type: "button", class: "quiet", on: { click: () => toggle(false) } },
    "Cancel",
  );
  const form = h(
    "form",
    {
      class: "decision",
      hidden: true,
      "aria-label": label,
      on: {
        submit: async (event) => {
          event.preventDefault();
          await doing(confirm, problem, () => act(new FormData(form)));
        },
      },
    },
    h("p", {}, question),
    controls,
    h("div", { class: "buttons" }, confirm, cancel),
    problem,
  );
  const open = h(
    "button",
    { type: "button", class: quiet ? "quiet" : kind, on: { click: () => toggle(true) } },
    label,
  );
  function toggle(shown) {
    form.hidden = !shown;
    open.hidden = shown;
    (shown ? form.querySelector("input, select, textarea") : open).focus();
  }
  return h("div", { class: "decision-box" }, open, form);
}

/** The control that asks why. */
export function reasonInput(words = "Reason", required = true) {
  return h("input", {
    type: "text",
    name: "reason",
    required,
    maxlength: "500",
    "aria-label": words,
    placeholder: words,
    autocomplete: "off",
  });
}

/** A button that asks for a reason before it acts, and says how it went. */
export function decisionButton({ label, question, act, danger, quiet }) {
  return formButton({
    label,
    question,
    danger,
    quiet,
    controls: [reasonInput()],
    act: (values) => act(String(values.get("reason")).trim()),
  });
}

/**
 * The filters above a view's list; submitting goes to the view with what is not empty. `fields` gets what makes a text field of
 * a name and a label, filled from the query; `buttons` stand behind Filter and Clear.
 */
export function filterForm(view, query, fields, ...buttons) {
  const text = (name, label) =>
    field(
      label,
      h("input", { name, value: query.get(name) ?? "", autocomplete: "off", spellcheck: "false" }),
    );
  const form = h(
    "form",
    {
      class: "filters",
      role: "search",
      "aria-label": `Filter ${view}`,
      on: {
        submit: (event) => {
          event.preventDefault();
          const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
          location.hash = `#/${view}${wanted.size === 0 ? "" : `?${wanted}`}`;
        },
      },
    },
    fields(text),
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "submit" }, "Filter"),
      query.size > 0
        ? h(
            "button",
            { type: "button", class: "quiet", on: { click: () => (location.hash = `#/${view}`) } },
            "Clear",
          )
        : null,
      buttons,
    ),
  );
  return form;
}
