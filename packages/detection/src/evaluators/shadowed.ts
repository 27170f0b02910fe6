import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import { DISTINCTIVE_NAME } from "../knowledge/definition/poisoning.ts";
import { duration } from "../rule/duration.ts";
import type { Compile } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import { plain } from "../text/plain.ts";
import { definitionsIn, ofListings } from "./definitions-in.ts";
import type { Evaluator } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_TOOLS = 2000; // of a group; the longest unlisted goes
const MAX_NAME_CHARS = 128; // longer names are not followed: the whole of a group is one row of state
const HASH_CHARS = 16; // of a definition's hash: enough to tell two apart
const MAX_SERVERS = 4; // of one tool
const MAX_KNOWN_SERVERS = 1000;
const MAX_SHOWN = 10;
const SAME_SERVER = 0.5; // of a listing: so much in common and it is another copy of the same server
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;

const stateSchema = z.object({
  since: z.number(),
  /** When each server first listed anything. */
  servers: z.array(z.tuple([z.string(), z.number()])),
  /** Who lists a tool, with which definition. */
  tools: z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), z.string()]))])),
});
type State = z.infer<typeof stateSchema>;

const specSchema = z.strictObject({
  "group-by": groupBySchema.default(["tenant"]).describe("whose servers may shadow each other"),
  learning: duration.describe("what a group's servers list in its first so-long is learned without an alert"),
  new_for: duration.describe("so long after its first listing a server counts as new"),
  levels: z
    .strictObject({ known_server: z.enum(SEVERITIES), new_server: z.enum(SEVERITIES) })
    .describe("who offers a name that another server has: one known for long, or a new one"),
});
type Spec = z.infer<typeof specSchema>;

export const shadowedKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const listings = ofListings(requiredCondition(context));
      return {
        ...listings,
        groupBy: spec["group-by"],
        fields: [],
        names: ["count", "values", "other"],
        alsoLoose: false,
        readsPayload: false,
        evaluator: () => shadowedEvaluator(listings.concerns, spec, context.quietMs ?? 0),
      };
    },
);

/**
 * A tool's name that another server had first, under another definition. Copies of one server (half of the listing is
 * the same) are none; names that say little (`search`) count only where a new server takes them.
 */
function shadowedEvaluator(
  concerns: Evaluator<State>["concerns"],
  spec: Spec,
  quietMs: number,
): Evaluator<State> {
  return {
    state: stateSchema,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs,
    concerns,
    fresh: (view) => ({ since: view.time, servers: [], tools: [] }),
    judge(state, view) {
      const server = (view.record.envelope.target?.server ?? "").slice(0, MAX_NAME_CHARS);
      const servers = new Map(state.servers);
      const first = servers.get(server) ?? view.time;
      const isNew = view.time - first < spec.new_for;
      const listed = definitionsIn(view);
      const taken = learn(state, server, listed);
      servers.delete(server);
      servers.set(server, first);
      state.servers = [...servers].slice(-MAX_KNOWN_SERVERS);
      if (view.time - state.since < spec.learning) return null;
      for (const [other, tools] of taken) {
        const names = tools.filter((name) => isNew || DISTINCTIVE_NAME.test(name));
        if (names.length === 0 || tools.length >= listed.length * SAME_SERVER) continue;
        const level: Severity = isNew ? spec.levels.new_server : spec.levels.known_server;
        const values = names
          .slice(0, MAX_SHOWN)
          .map((name) => plain(name, 80))
          .join(", ");
        return {
          level,
          evidence: () => [evidenceOf(view, "shadowed", `${values}: ${plain(other, 80)} had the name first`)],
          facts: () => ({ values, count: String(names.length), other: plain(other, 80) }),
          identity: `shadowed ${JSON.stringify([server, other, names.toSorted()])}`,
        };
      }
      return null;
    },
  };
}

/** Takes a listing over. Gives the names that are new on this server and that another has under another definition. */
function learn(
  state: State,
  server: string,
  listed: readonly (readonly [string, string])[],
): Map<string, string[]> {
  const known = new Map(state.tools);
  const taken = new Map<string, string[]>();
  for (const [name, whole] of listed) {
    if (name.length > MAX_NAME_CHARS) continue;
    const hash = whole.slice(0, HASH_CHARS);
    const holders = known.get(name) ?? [];
    // A definition that somebody has already is the same tool.
    if (!holders.some(([holder, theirs]) => holder === server || theirs === hash)) {
      for (const [holder] of holders) taken.set(holder, [...(taken.get(holder) ?? []), name]);
    }
    const others = holders.filter(([holder]) => holder !== server);
    known.delete(name);
    // The first holder stays: whoever comes later shadows it.
    known.set(name, [...others.slice(0, MAX_SERVERS - 1), [server, hash]]);
  }
  state.tools = [...known].slice(-MAX_TOOLS);
  return taken;
}
