import { type Control, controlKey } from "@tripline/events";

export type ControlOf<K extends Control["kind"]> = Extract<Control, { kind: K }>;

interface Held {
  control: Control | null;
  offset: number;
}

/**
 * What the controls topic says now, in memory. Fed by the topic and by what this process wrote itself, in whatever order the
 * two arrive: of one key the entry with the higher offset counts. Every question names a tenant. What has ended by its
 * `until` is still here until its key is deleted: who asks looks at the time.
 */
export class ControlsView {
  readonly #held = new Map<string, Held>();

  apply(control: Control, offset: number): void {
    this.#put(controlKey(control), control, offset);
  }

  /** The key was deleted from the topic. */
  remove(key: string, offset: number): void {
    this.#put(key, null, offset);
  }

  get<K extends Control["kind"]>(tenant: string, kind: K, id: string): ControlOf<K> | undefined {
    const control = this.#held.get(controlKey({ tenant, kind, id }))?.control;
    return control != null && isKind(control, kind) ? control : undefined;
  }

  /** All of one kind of a tenant, the oldest first. */
  all<K extends Control["kind"]>(tenant: string, kind: K): ControlOf<K>[] {
    return this.every(kind).filter((control) => control.tenant === tenant);
  }

  /** All of one kind, whosever they are: only for the responder's own work, never for an answer. */
  every<K extends Control["kind"]>(kind: K): ControlOf<K>[] {
    const found: ControlOf<K>[] = [];
    for (const { control } of this.#held.values()) {
      if (control !== null && isKind(control, kind)) found.push(control);
    }
    return found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  }

  #put(key: string, control: Control | null, offset: number): void {
    const known = this.#held.get(key);
    if (known !== undefined && known.offset > offset) return;
    this.#held.set(key, { control, offset });
  }
}

function isKind<K extends Control["kind"]>(control: Control, kind: K): control is ControlOf<K> {
  return control.kind === kind;
}
