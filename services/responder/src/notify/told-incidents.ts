import { type Incident, incidentSchema } from "@tripline/events";
import { z } from "zod";

const REMEMBERED = 5000; // incidents of one partition that one notifier was told of; those told longest ago are forgotten first

const rowSchema = z.object({
  id: z.string(),
  notice: z.number(),
  open: incidentSchema.optional(),
});
type Row = z.infer<typeof rowSchema>;
const encodedSchema = z.object({ position: z.number(), rows: z.array(rowSchema) });

/** Which incidents of one partition a notifier was told of, and how far; with `keepOpen` also what it is to be reminded of. */
export class ToldIncidents {
  readonly #rows = new Map<string, Row>();
  /** The first offset whose record it does not know of. */
  position = 0;
  readonly #keepOpen: boolean;

  constructor(options: { keepOpen: boolean }) {
    this.#keepOpen = options.keepOpen;
  }

  knows(incidentId: string): boolean {
    return this.#rows.has(incidentId);
  }

  /** Whether it was told this notice of the incident, or a later one. */
  isTold(incident: Incident): boolean {
    const told = this.#rows.get(incident.id)?.notice;
    return told !== undefined && told >= (incident.notice?.number ?? 0);
  }

  add(incident: Incident): void {
    const row: Row = { id: incident.id, notice: incident.notice?.number ?? 0 };
    this.#rows.delete(incident.id);
    this.#rows.set(
      incident.id,
      this.#keepOpen && isOpen(incident) ? { ...row, open: withoutLists(incident) } : row,
    );
    if (this.#rows.size <= REMEMBERED) return;
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined) this.#rows.delete(oldest);
  }

  /** A version that nobody is told of, as those of muted incidents are: what is over needs no reminder. */
  see(incident: Incident): void {
    const row = this.#rows.get(incident.id);
    if (row?.open !== undefined && !isOpen(incident))
      this.#rows.set(row.id, { id: row.id, notice: row.notice });
  }

  /** What is open, as it was last told. */
  open(): Incident[] {
    return [...this.#rows.values()].flatMap(({ open }) => (open === undefined ? [] : [open]));
  }

  encode(): Uint8Array {
    return new TextEncoder().encode(
      JSON.stringify({ position: this.position, rows: [...this.#rows.values()] }),
    );
  }

  /** Takes over what `encode` gave. @throws ZodError when it did not */
  restore(bytes: Uint8Array): void {
    const { position, rows } = encodedSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    this.position = position;
    for (const row of rows) this.#rows.set(row.id, row);
  }
}

function isOpen({ state }: Incident): boolean {
  return state === "open" || state === "acknowledged";
}

/** A reminder needs no lists, which are most of an incident. */
function withoutLists(incident: Incident): Incident {
  return {
    ...incident,
    alert_ids: [],
    alert: { ...incident.alert, evidence: [] },
    history: incident.history.slice(-1),
  };
}
