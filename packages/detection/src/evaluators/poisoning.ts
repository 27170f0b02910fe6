import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import {
  DISTINCTIVE_NAME,
  type Poisoning,
  poisoningOf,
  withMentions,
} from "../knowledge/definition/poisoning.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Compile } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import { fnv1a } from "../text/hashing.ts";
import { plain } from "../text/plain.ts";
import { definitionsIn, listedDefinitions, ofListings } from "./definitions-in.ts";
import type { Evaluator } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_NAMES = 2000; // of tools by which other servers are recognised; the longest unseen goes
const MAX_TOLD = 2000; // definitions that were told; one that is forgotten is told again
const MAX_SHOWN = 10;
const MAX_SHOWN_SIGNS = 4;
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;

const stateSchema = z.object({
  /** Tools and the server that listed them last, as a hash. */
  names: z.array(z.tuple([z.string(), z.number()])),
  told: z.array(z.number()),
});
type State = z.infer<typeof stateSchema>;

const specSchema = z.strictObject({
  "group-by": groupBySchema.default(["tenant"]).describe("whose servers know each other's tools"),
  levels: z
    .partialRecord(z.enum(SEVERITIES), z.number().min(0))
    .default({ low: 2, medium: 3, high: 6 })
    .describe("points from which on a definition is so grave"),
});
type Spec = z.infer<typeof specSchema>;

export const poisoningKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const listings = ofListings(requiredCondition(context));
      return {
        ...listings,
        groupBy: spec["group-by"],
        fields: [],
        names: ["count", "values", "signs"],
        alsoLoose: false,
        readsPayload: true,
        evaluator: () => poisoningEvaluator(listings.concerns, spec, context.quietMs ?? 0),
      };
    },
);

interface Found {
  tool: string;
  hash: string;
  level: Severity;
  poisoning: Poisoning;
}

/** Definitions that speak to the model instead of describing a tool. Each is told once, until it changes. */
function poisoningEvaluator(
  concerns: Evaluator<State>["concerns"],
  spec: Spec,
  quietMs: number,
): Evaluator<State> {
  return {
    state: stateSchema,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs,
    concerns,
    fresh: () => ({ names: [], told: [] }),
    isEmpty: ({ names, told }) => names.length === 0 && told.length === 0,
    judge(state, view) {
      const server = view.record.envelope.target?.server ?? "";
      const others = namesElsewhere(state, view, server);
      const definitions = listedDefinitions(view);
      const found: Found[] = [];
      for (const [tool, hash] of definitionsIn(view)) {
        const definition = definitions.get(tool);
        if (definition === undefined) continue;
        const poisoning = withMentions(poisoningOf(definition), definition, others);
        const level = levelOf(poisoning.score, spec);
        if (level !== null && !wasTold(state, `${server}\n${tool}\n${hash}\n${level}`))
          found.push({ tool, hash, level, poisoning });
      }
      const worst = found.toSorted((a, b) => b.poisoning.score - a.poisoning.score);
      const first = worst[0];
      if (first === undefined) return null;
      return {
        level: first.level,
        score: {
          total: first.poisoning.score,
          contributions: first.poisoning.signs.slice(0, 32).map(({ name, points, where, note }) => ({
            name,
            points,
            note: plain(`${where}: ${note}`, 200),
          })),
        },
        evidence: () =>
          worst
            .slice(0, MAX_SHOWN)
            .map((each) =>
              evidenceOf(view, "listed", plain(`${plain(each.tool, 80)}: ${wordsFor(each)}`, 600)),
            ),
        facts: () => ({
          values: worst
            .slice(0, MAX_SHOWN)
            .map(({ tool }) => plain(tool, 80))
            .join(", "),
          count: String(found.length),
          signs: wordsFor(first),
        }),
        identity: `poisoned ${JSON.stringify(found.map(({ tool, hash, level }) => [server, tool, hash, level]))}`,
      };
    },
  };
}

/** Learns this server's tools, and gives those that only others have. */
function namesElsewhere(state: State, view: RecordView, server: string): ReadonlySet<string> {
  const own = fnv1a(server);
  const listed = new Set(definitionsIn(view).map(([tool]) => tool));
  const others = new Set(
    state.names.filter(([name, at]) => at !== own && !listed.has(name)).map(([name]) => name),
  );
  const known = new Map(state.names);
  for (const name of listed) {
    if (!DISTINCTIVE_NAME.test(name)) continue;
    known.delete(name);
    known.set(name, own);
  }
  state.names = [...known].slice(-MAX_NAMES);
  return others;
}

function levelOf(score: number, { levels }: Spec): Severity | null {
  return SEVERITIES.findLast((level) => score >= (levels[level] ?? Number.POSITIVE_INFINITY)) ?? null;
}

function wasTold(state: State, what: string): boolean {
  const hash = fnv1a(what);
  if (state.told.includes(hash)) return true;
  state.told.push(hash);
  if (state.told.length > MAX_TOLD) state.told.shift();
  return false;
}

function wordsFor({ poisoning }: Found): string {
  return poisoning.signs
    .slice(0, MAX_SHOWN_SIGNS)
    .map(
      ({ where, note, phrase }) =>
        `${where} ${note}${phrase === undefined ? "" : ` (“${plain(phrase, 100)}”)`}`,
    )
    .join("; ");
}
