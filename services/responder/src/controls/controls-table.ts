import { parseControl, TOPICS, TriplineError } from "@tripline/events";
import { counter, type ServiceContext } from "@tripline/service";
import type { Log, TableReader } from "@tripline/stream";
import type { ControlsView } from "./controls-view.ts";

/** Fills the view from the controls topic and keeps it current. Resolves when all that is there now was read. */
export async function followControls(options: {
  log: Log;
  view: ControlsView;
  context: ServiceContext;
}): Promise<TableReader> {
  const { log, view, context } = options;
  const refused = counter(context.metrics, {
    name: "tripline_responder_controls_refused_total",
    help: "Entries of the controls topic that are no controls",
  });
  const reader = await log.readTable(TOPICS.controls, ({ key, value, partition, offset }) => {
    try {
      if (value === null) view.remove(key, offset);
      else view.apply(parseControl(key, value), offset);
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      refused.inc();
      context.logger.error(
        { code: error.code, partition, offset },
        "an entry of the controls topic can't be read; it is ignored",
      );
    }
  });
  try {
    await reader.loaded;
  } catch (error) {
    await reader.close();
    throw error;
  }
  return reader;
}
