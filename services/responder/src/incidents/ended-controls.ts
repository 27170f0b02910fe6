import type { ControlsView, ControlsWriter } from "../controls/index.ts";

const KEPT_MS = 24 * 3600 * 1000; // an exception judges on for an hour behind its end; then nobody looks at either any more
const MAX_AT_ONCE = 100;

/** Deletes mutes and exceptions that have ended, so that the topic holds what is set. Doing it twice does no harm. @param now ms since the epoch */
export async function forgetEnded(view: ControlsView, writer: ControlsWriter, now: number): Promise<void> {
  const ended = [...view.every("mute"), ...view.every("exception")].filter(
    ({ until }) => Date.parse(until) + KEPT_MS < now,
  );
  for (const control of ended.slice(0, MAX_AT_ONCE)) await writer.remove(control);
}
