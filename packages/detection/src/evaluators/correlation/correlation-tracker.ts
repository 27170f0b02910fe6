import { aliasedGroupOf, type Group, groupOf } from "../../engine/group.ts";
import { TrackedGroups, type TrackerHome } from "../../engine/tracked-groups.ts";
import { countsOf, type Judged, type Tracker } from "../../engine/tracker.ts";
import type { RecordView } from "../../record/record-view.ts";
import { type CorrelationKind, type Hits, latenessMs } from "./correlation-kind.ts";

/** What a correlation groups by, as one of its rules has it. */
export interface GroupFields {
  readonly names: readonly string[];
  /** Names that stand for other fields in the records of this rule. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** One of the rules that a correlation is about. */
export interface CorrelatedRule {
  readonly name: string;
  readonly group: GroupFields;
  /** Records of a rule with a detection, or findings of another correlation. */
  readonly source: { concerns(view: RecordView): boolean } | CompiledCorrelation;
}

/** A correlation, compiled: what its groups remember is told by `kind`. */
export interface CompiledCorrelation {
  readonly kind: CorrelationKind<unknown>;
  readonly rules: readonly CorrelatedRule[];
  /** Whether it counts: findings of a correlation that another one counts are told once in their own timespan. */
  readonly counts: boolean;
}

/** Whether a record is one of any of the rules, also of those of inner correlations. */
export function concerns({ rules }: CompiledCorrelation, view: RecordView): boolean {
  return rules.some(({ source }) => ("kind" in source ? concerns(source, view) : source.concerns(view)));
}

/** Follows a correlation and those inside it. @param quietMs after an alert, for a group */
export function correlationTracker(
  correlation: CompiledCorrelation,
  quietMs: number,
  home: TrackerHome,
): Tracker {
  const { kind, rules } = correlation;
  const inner = rules.map(({ source }, index) =>
    "kind" in source
      ? correlationTracker(source, correlation.counts ? source.kind.windowMs : 0, {
          ...home,
          name: `${home.name}/${index}`,
        })
      : null,
  );
  const groups = new TrackedGroups<unknown>(
    {
      state: kind.state,
      windowMs: kind.windowMs + latenessMs(kind.windowMs),
      quietMs,
      fresh: () => kind.fresh(),
      ...(kind.sharesRow === undefined ? {} : { sharesRow: kind.sharesRow }),
    },
    home,
    rules[0]?.group.names ?? [],
  );
  const only = onlyRule(rules);
  const forget = (what: string): void => home.tables.forget(what);

  function judgeGroup(group: Group, hits: Hits, view: RecordView, tell: boolean): Judged | null {
    const entry = groups.entryOf(group.key, view);
    if (view.time < entry.used - latenessMs(kind.windowMs)) {
      forget("late records");
      return null;
    }
    const finding = kind.judge(entry.state, view, hits, forget);
    return finding === null ? null : { finding, group, told: tell && groups.tells(entry, finding, view) };
  }

  return {
    counts: countsOf({
      get size() {
        return inner.reduce((sum, each) => sum + (each?.counts.groups ?? 0), groups.size);
      },
      get quieted() {
        return groups.quieted;
      },
    }),
    concerns: (view) => concerns(correlation, view),
    judge(view, concerned = false) {
      if (only !== null) {
        const group = concerned || only.concerns(view) ? groupOf(view, only.names, only.memo) : null;
        return group === null ? null : judgeGroup(group, FIRST, view, true);
      }
      const met = new Map<string, { group: Group; hits: number[] }>();
      for (const [index, { source, group: fields }] of rules.entries()) {
        const hit = "kind" in source ? inner[index]?.judge(view)?.told === true : source.concerns(view);
        const group = hit ? groupFor(view, fields) : null;
        if (group === null) continue;
        const known = met.get(group.key);
        if (known === undefined) met.set(group.key, { group, hits: [index] });
        else known.hits.push(index);
      }
      // A record can belong to two groups where aliases say so: both remember it, and the first that completes is told.
      // The other is not quiet then, and its next record tells it.
      let found: Judged | null = null;
      for (const { group, hits } of met.values()) {
        const judged = judgeGroup(group, hits, view, found?.told !== true);
        if (judged !== null && found?.told !== true) found = judged;
      }
      return found;
    },
  };
}

const FIRST: Hits = [0];

/** Of a correlation about one rule's records as they are, which most are: what there is to ask. */
function onlyRule(
  rules: readonly CorrelatedRule[],
): { names: readonly string[]; memo: string; concerns(view: RecordView): boolean } | null {
  const [rule] = rules;
  if (rule === undefined || rules.length > 1 || "kind" in rule.source || rule.group.aliases.size > 0)
    return null;
  const { source, group } = rule;
  return { names: group.names, memo: group.names.join(), concerns: (view) => source.concerns(view) };
}

function groupFor(view: RecordView, { names, aliases }: GroupFields): Group | null {
  if (aliases.size === 0) return groupOf(view, names);
  return aliasedGroupOf(view, names, (name) => aliases.get(name) ?? name);
}
