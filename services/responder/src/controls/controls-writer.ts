import { type Control, controlKey, controlSchema, TOPICS } from "@tripline/events";
import type { Log } from "@tripline/stream";
import type { ControlsView } from "./controls-view.ts";

/** The only place that writes to the controls topic. */
export class ControlsWriter {
  readonly #log: Pick<Log, "produce">;
  readonly #view: ControlsView;

  constructor(options: { log: Pick<Log, "produce">; view: ControlsView }) {
    this.#log = options.log;
    this.#view = options.view;
  }

  /**
   * Resolves when the entry is durable and in the view; one with the same tenant, kind and id is replaced. Rejects with a
   * retriable error when the log can't take it now; it may have been written all the same, and writing it again does no harm.
   */
  async write(control: Control): Promise<void> {
    const value = new TextEncoder().encode(JSON.stringify(controlSchema.parse(control)));
    this.#view.apply(control, await this.#produce(controlKey(control), value));
  }

  /** Resolves when the entry is gone. */
  async remove(control: Pick<Control, "tenant" | "kind" | "id">): Promise<void> {
    const key = controlKey(control);
    this.#view.remove(key, await this.#produce(key, null));
  }

  async #produce(key: string, value: Uint8Array | null): Promise<number> {
    const headers = { "content-type": "application/json" };
    const [position] = await this.#log.produce(TOPICS.controls, [{ key, value, headers }]);
    if (position === undefined) throw new Error("the log answered without the position of the control");
    return position.offset;
  }
}
