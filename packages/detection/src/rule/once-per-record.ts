import type { RecordView } from "../record/record-view.ts";
import type { Selection } from "./selection-logic.ts";

/**
 * The same answer without asking twice: several steps, rules and trackers ask one selection about one record, one after
 * the other. What it looked at is noted each time, as if it had been asked.
 */
export function oncePerRecord(selection: Selection): Selection {
  return { ...selection, matches: remembering(selection.matches) };
}

function remembering(matches: Selection["matches"]): Selection["matches"] {
  let serial = 0; // of no view
  let reads = 0;
  let matched = false;
  return (view: RecordView) => {
    if (view.serial !== serial) {
      const before = view.reads;
      view.reads = 0;
      matched = matches(view);
      serial = view.serial;
      reads = view.reads;
      view.reads = before;
    }
    view.reads |= reads;
    return matched;
  };
}
