import type { Severity } from "@tripline/events";
import type { Tracker, TrackerHome } from "../engine/tracker.ts";
import type { Evaluator, Scope } from "../evaluators/evaluator.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Selection } from "./selection.ts";

/** What a kind of rule is told of the rule whose key it reads. */
export interface RuleContext {
  readonly level: Severity;
  /** `tripline.quiet` in ms, where the rule says it. */
  readonly quietMs: number | undefined;
  /** `tripline.group-by`, where the rule says it. */
  readonly groupBy: readonly string[] | undefined;
  /** The detection's selections by name. */
  readonly selections: ReadonlyMap<string, Selection>;
  /** What `detection.condition` says; null where it is left out. */
  readonly condition: Selection | null;
  /** Where the kind's key stands, for errors. */
  readonly path: readonly PropertyKey[];
}

/** How a rule judges: all that the engine must know of a rule's kind. */
export type Evaluation = About & Judging;

/** What the engine looks at before it judges. */
interface About {
  /** What a record must match to matter to the rule at all. */
  readonly selection: Selection;
  /** Fields whose values name the group that the rule looks at together. */
  readonly groupBy: readonly string[];
  /** Fields that it reads besides those of selection and group. */
  readonly fields: readonly string[];
  /** Names that the summary's template may use besides fields: steps, counts. */
  readonly names: readonly string[];
  /** A rule about a session that looks at credential + principal + 30 minutes as well, one grade lower. */
  readonly alsoLoose: boolean;
  /** Whether it reads arguments or results in other ways than by fields. */
  readonly readsPayload: boolean;
  /** Where it is due at other records than `isDue` says. */
  concerns?(view: RecordView): boolean;
  /** Of a rule that needs each value once and not each call: whose value (`key`), and which. Null: it needs this record. */
  once?(view: RecordView): { key: string; value: string } | null;
}

type Judging =
  /** Each group by itself. `scope`: the groups it looks at, the rule's own or looser ones. */
  | { evaluator(scope: Scope): Evaluator<unknown>; tracker?: undefined }
  /** Several kinds of groups at once, as correlations of correlations do. */
  | { tracker(home: TrackerHome): Tracker; evaluator?: undefined };

/** Makes a rule's evaluation. @throws RuleProblem for what the rule says wrong */
export type Compile = (context: RuleContext) => Evaluation;
