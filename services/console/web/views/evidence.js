import { h, said, time, viewLink } from "../dom.js";

/** What a finding rests on: its calls in the order they happened, with what links them, and what was weighed. */
export function evidenceList(evidence) {
  if (evidence.length === 0)
    return h("p", { class: "hint" }, "This finding is about the record itself: it names no calls.");
  return h("ol", { class: "evidence" }, evidence.map(evidenceItem));
}

function evidenceItem(item) {
  return h(
    "li",
    {},
    h(
      "div",
      {},
      viewLink("calls", item.record_id, said(item.server ?? "?"), " / ", said(item.tool ?? "?")),
      " ",
      h("span", { class: "hint" }, time(item.time), item.outcome === undefined ? "" : ` · ${item.outcome}`),
    ),
    h("p", {}, h("span", { class: "step" }, item.step), " ", item.note === undefined ? "" : said(item.note)),
  );
}

/** What was weighed, the weightiest first; what spoke against it is below zero. */
export function scoreSection(score) {
  if (score === undefined) return [];
  const weighed = [...score.contributions].sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  return [
    h("h2", {}, `Why so grave: ${score.total} points`),
    h(
      "ul",
      { class: "score" },
      weighed.map(({ name, points, note }) =>
        h(
          "li",
          {},
          h("strong", {}, points > 0 ? `+${points}` : String(points)),
          " ",
          name.replaceAll("_", " "),
          note === undefined ? "" : ": ",
          note === undefined ? "" : said(note),
        ),
      ),
    ),
  ];
}
