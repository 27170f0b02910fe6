import { type Alert, type PipelineRule, pipelineAlert } from "@tripline/events";
import type { BootActivity, Gap, GapKind } from "@tripline/store";
import { z } from "zod";

/** What on-call is told of a gap, and how a later look finds the place again. Pure. */

/** Stands in the alert beside what every alert has. */
const placeSchema = z.object({
  producer: z.string(),
  boot: z.string(),
  part: z.enum(["intervals", "tail", "silence"]),
  since: z.string(),
  until: z.string(),
});
export type GapPlace = z.infer<typeof placeSchema>;

/** What this file raises. */
type GapRule = Extract<
  PipelineRule,
  "records-missing" | "records-dropped" | "records-altered" | "sequence-reused" | "producer-silent"
>;

const RULES: Partial<Record<GapKind, GapRule>> = {
  missing: "records-missing",
  dropped: "records-dropped",
  altered: "records-altered",
  chain_broken: "records-altered",
  sequence_reused: "sequence-reused",
  boot_reused: "sequence-reused",
};

/** Rules whose alerts are looked at again: what they say can stop being so. */
export const REVISITED: readonly PipelineRule[] = ["records-missing", "records-altered", "producer-silent"];

const HOUR_MS = 3600 * 1000;

const WHY: Readonly<Record<GapRule, string>> = {
  "records-missing":
    "The producer numbered and sent these records, and the store does not have them: what happened in between can't be shown to anybody.",
  "records-dropped":
    "The producer says itself that it had to let these records go: they are lost, and what happened in them can't be shown to anybody.",
  "records-altered":
    "The producer hashed what it wrote. What the store holds gives another hash: rows were changed, replaced or put in.",
  "sequence-reused":
    "Numbers tell a producer's records apart. Two histories under one number mean a copied machine, a restored snapshot, or somebody who writes in the producer's name.",
  "producer-silent":
    "A producer that is well sends a heartbeat every ten seconds and says goodbye when it stops. While it is silent nobody knows what its agents do.",
};

/**
 * The alert of a gap; null for what is no reason to wake anybody (`gaps` lists it). All that goes wrong with a boot
 * within an hour of the log's clock is one alert: a producer that is refused for a day is not 8,640 of them.
 */
export function alertOf(gap: Gap): Alert | null {
  const rule = RULES[gap.kind];
  if (rule === undefined) return null;
  const part = gap.record_id === null && gap.kind === "missing" ? "tail" : "intervals";
  const timeMs = Date.parse(gap.time);
  const hour = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
  const lasting = rule === "sequence-reused";
  return alert(gap, rule, {
    identity: lasting ? gap.boot : `${gap.boot}/${part}/${hour}`,
    timeMs,
    summary: `${gap.producer}: ${gap.detail} (${rangesInWords(gap)})`,
    recordId: gap.record_id ?? undefined,
    place: {
      producer: gap.producer,
      boot: gap.boot,
      part,
      since: new Date(hour).toISOString(),
      until: new Date(hour + HOUR_MS).toISOString(),
    },
  });
}

/** The alert of a boot that fell silent without an explanation. */
export function silenceAlert(boot: BootActivity): Alert {
  return alert(boot, "producer-silent", {
    identity: `${boot.boot}/${boot.last_seq}`,
    timeMs: Date.parse(boot.last_append_time),
    summary: `${boot.producer} has been silent since ${boot.last_append_time}, without a goodbye`,
    place: {
      producer: boot.producer,
      boot: boot.boot,
      part: "silence",
      since: boot.last_append_time,
      until: boot.last_append_time,
    },
  });
}

/** Where the alert points to; null for one of another making. */
export function placeOf(alert: Alert): GapPlace | null {
  const parsed = placeSchema.safeParse(alert.place);
  return parsed.success ? parsed.data : null;
}

/** The alert's later state: what it said is not so any more. */
export function resolved(alert: Alert, note: string, atMs: number): Alert {
  const at = new Date(atMs).toISOString();
  return { ...alert, state: "resolved", state_by: "tripline", state_note: note, state_at: at };
}

function alert(
  about: { tenant: string; producer: string },
  rule: GapRule,
  said: { identity: string; timeMs: number; summary: string; recordId?: string | undefined; place: GapPlace },
): Alert {
  const { identity, timeMs, summary, recordId, place } = said;
  return {
    ...pipelineAlert({
      rule,
      tenant: about.tenant,
      identity,
      group: `producer=${about.producer}`,
      timeMs,
      summary,
      why: WHY[rule],
      next: nextSteps(rule, place),
      ...(recordId === undefined ? {} : { recordId }),
    }),
    place,
  };
}

function nextSteps(rule: PipelineRule, { since, until }: GapPlace): string[] {
  const list =
    rule === "producer-silent"
      ? `tripline gaps --since ${since}`
      : `tripline gaps --since ${since} --until ${until}`;
  switch (rule) {
    case "records-missing":
      return [
        `${list} names the numbers`,
        "look whether the producer still runs and has a spool: what waits there comes later, and closes this alert",
        "look into the dead letters and into the producer's refused.ndjson",
      ];
    case "records-dropped":
      return [
        `${list} names the numbers and the producer's reasons`,
        "spool_full and spool_disk_full: give the producer's spool more room, and look why the collector was away so long",
        "refused: look into the producer's refused.ndjson and at how it is enrolled",
      ];
    case "records-altered":
      return [
        `${list} names the interval`,
        "find out who can write to the database",
        "keep a copy of the store",
      ];
    case "sequence-reused":
      return [
        `${list} names the numbers`,
        "give every copy of the machine a producer and a key of its own",
        "replace the producer's key unless you know why",
      ];
    default:
      return ["look whether the producer's host is up", "restart it, or stop it cleanly", list];
  }
}

const MAX_RANGES_SHOWN = 5;

function rangesInWords({ ranges, boot, more }: Gap): string {
  const shown = ranges
    .slice(0, MAX_RANGES_SHOWN)
    .map(({ first_seq, last_seq }) => (first_seq === last_seq ? `${first_seq}` : `${first_seq}–${last_seq}`));
  const rest = more || ranges.length > MAX_RANGES_SHOWN ? " and more" : "";
  return `boot ${boot}, numbers ${shown.join(", ")}${rest}`;
}
