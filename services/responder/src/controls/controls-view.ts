import { type Control, controlKey } from "@tripline/events";

export type ControlOf<K extends Control["kind"]> = Extract<Control, { kind: K }>;

type Kind = Control["kind"];

/**
 * What the controls topic says now, in memory. Fed by the topic and by what this process wrote itself, in whatever order the
 * two arrive: of one key the entry with the higher offset counts. Every question names a tenant. What has ended by its
 * `until` is still here until its key is deleted: who asks looks at the time.
 */
export class ControlsView {
  /** By key; null: deleted at that offset. */
  readonly #held = new Map<string, { control: Control | null; offset: number }>();
  /** By kind and tenant, for each alert asks for its tenant's mutes. */
  readonly #byTenant = new Map<Kind, Map<string, Map<string, Control>>>();

  apply(control: Control, offset: number): void {
    this.#put(controlKey(control), control, offset);
  }

  /** The key was deleted from the topic. */
  remove(key: string, offset: number): void {
    this.#put(key, null, offset);
  }

  get<K extends Kind>(tenant: string, kind: K, id: string): ControlOf<K> | undefined {
    const control = this.#held.get(controlKey({ tenant, kind, id }))?.control;
    return control != null && isKind(control, kind) ? control : undefined;
  }

  /** All of one kind of a tenant, the oldest first. */
  all<K extends Kind>(tenant: string, kind: K): ControlOf<K>[] {
    return ordered(this.#byTenant.get(kind)?.get(tenant)?.values() ?? [], kind);
  }

  /** All of one kind, whosever they are: only for the responder's own work, never for an answer. */
  every<K extends Kind>(kind: K): ControlOf<K>[] {
    const tenants = this.#byTenant.get(kind)?.values() ?? [];
    return ordered(
      [...tenants].flatMap((ofTenant) => [...ofTenant.values()]),
      kind,
    );
  }

  #put(key: string, control: Control | null, offset: number): void {
    const known = this.#held.get(key);
    if (known !== undefined && known.offset > offset) return;
    this.#held.set(key, { control, offset });
    if (known?.control != null)
      this.#byTenant.get(known.control.kind)?.get(known.control.tenant)?.delete(key);
    if (control === null) return;
    const tenants = this.#byTenant.get(control.kind) ?? new Map<string, Map<string, Control>>();
    this.#byTenant.set(control.kind, tenants);
    const ofTenant = tenants.get(control.tenant) ?? new Map<string, Control>();
    tenants.set(control.tenant, ofTenant);
    ofTenant.set(key, control);
  }
}

function ordered<K extends Kind>(controls: Iterable<Control>, kind: K): ControlOf<K>[] {
  const found: ControlOf<K>[] = [];
  for (const control of controls) if (isKind(control, kind)) found.push(control);
  return found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function isKind<K extends Kind>(control: Control, kind: K): control is ControlOf<K> {
  return control.kind === kind;
}
