import { SEVERITIES, TriplineError } from "@tripline/events";
import { z } from "zod";
import type { Evaluator, Finding } from "../evaluators/evaluator.ts";
import type { RecordView } from "../record/record-view.ts";
import { type Group, groupOf } from "./group.ts";

/** What one rule remembers of all its groups, in one scope. */
export interface Tracker {
  /** Judges a record; null when nothing is found or the group is quiet. */
  judge(view: RecordView): { finding: Finding; group: Group } | null;
  save(): unknown;
  /** @throws TriplineError TRIPLINE_DETECTION_SNAPSHOT */
  load(saved: unknown): void;
  readonly counts: { groups: number; evicted: number; quieted: number };
}

interface Entry<S> {
  state: S;
  /** Latest record time of the group. */
  used: number;
  /** Until when findings are not repeated: up to `quietLevel`, with a verified credential up to `quietVerifiedLevel`. */
  quietUntil: number;
  quietLevel: number;
  quietVerifiedLevel: number;
}

const NOTHING_TOLD = -1; // below the index of every severity
const LOUD = { quietUntil: 0, quietLevel: NOTHING_TOLD, quietVerifiedLevel: NOTHING_TOLD };

/** @param maxGroups beyond it the longest unused group is forgotten, which `counts.evicted` says */
export function createTracker<S>(
  evaluator: Evaluator<S>,
  groupBy: readonly string[],
  maxGroups: number,
): Tracker {
  const groups = new Map<string, Entry<S>>();
  const counts = { groups: 0, evicted: 0, quieted: 0 };
  const savedSchema = z.object({
    evicted: z.number(),
    quieted: z.number(),
    groups: z.array(
      z.tuple([
        z.string(),
        z.object({
          state: evaluator.state,
          used: z.number(),
          quietUntil: z.number(),
          quietLevel: z.number(),
          quietVerifiedLevel: z.number().default(NOTHING_TOLD),
        }),
      ]),
    ),
  });
  const { save } = evaluator;
  const saved = ([key, entry]: [string, Entry<S>]): unknown => [
    key,
    save === undefined ? entry : { ...entry, state: save(entry.state) },
  ];
  const keepMs = Math.max(evaluator.windowMs, evaluator.quietMs);

  function entryOf(key: string, view: RecordView): Entry<S> {
    const known = groups.get(key);
    if (known !== undefined) groups.delete(key);
    const alive = known !== undefined && view.time - known.used <= keepMs;
    const entry = alive ? known : { state: evaluator.fresh(view), used: view.time, ...LOUD };
    groups.set(key, entry); // last in the map: used latest
    if (view.time > entry.used) entry.used = view.time;
    if (groups.size > maxGroups) makeRoom(view.time);
    return entry;
  }

  function makeRoom(now: number): void {
    const [oldest] = groups;
    if (oldest === undefined) return;
    groups.delete(oldest[0]);
    if (now - oldest[1].used <= keepMs) counts.evicted += 1;
  }

  return {
    counts,
    judge(view) {
      if (!evaluator.concerns(view)) return null;
      const group = groupOf(view, groupBy);
      if (group === null) return null;
      const entry = entryOf(group.key, view);
      counts.groups = groups.size;
      const finding = evaluator.judge(entry.state, view);
      if (finding === null) return null;
      if (view.time >= entry.quietUntil) Object.assign(entry, LOUD);
      const level = SEVERITIES.indexOf(finding.level);
      // A key is taken away only for a verified caller: whoever merely claims the credential must not silence that.
      const verified = view.record.envelope.actor?.assurance === "verified";
      if (level <= (verified ? entry.quietVerifiedLevel : entry.quietLevel)) {
        counts.quieted += 1;
        return null;
      }
      entry.quietUntil = view.time + evaluator.quietMs;
      entry.quietLevel = Math.max(level, entry.quietLevel);
      if (verified) entry.quietVerifiedLevel = level;
      return { finding, group };
    },
    save: () => ({ evicted: counts.evicted, quieted: counts.quieted, groups: [...groups].map(saved) }),
    load(bytes) {
      const parsed = savedSchema.safeParse(bytes);
      if (!parsed.success) {
        throw new TriplineError(
          "TRIPLINE_DETECTION_SNAPSHOT",
          "the snapshot does not fit these rules: replay instead",
          {
            cause: parsed.error,
          },
        );
      }
      groups.clear();
      for (const [key, entry] of parsed.data.groups) groups.set(key, entry);
      counts.groups = groups.size;
      counts.evicted = parsed.data.evicted;
      counts.quieted = parsed.data.quieted;
    },
  };
}
