import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import { type Features, kindOfToken, linkBetween, redactionTokensIn } from "../text/features.ts";
import { scanWords } from "../text/word-scan.ts";

/** How something of one step's result is in a later step's arguments. */
export const flowLink = z.object({
  by: z.enum(["secret", "value", "text"]),
  /** What it is, for people: `a private key`, `77…42`. Never the value itself. */
  shown: z.string(),
});
export type FlowLink = z.infer<typeof flowLink>;

const level = z.enum(SEVERITIES);

/** The shape of a flow in a rule. A kind of link without a severity of its own counts as none. */
export const flowSchema = z.strictObject({
  from: z.string().describe("step whose result it comes from"),
  to: z.string().describe("later step whose arguments it reaches"),
  secret: level.optional().describe("severity when the same redacted secret links them"),
  value: level.optional().describe("severity when a distinctive value links them"),
  text: level.optional().describe("severity when a copied passage links them"),
  none: level.optional().describe("severity without a link; left out: no alert without one"),
});
export type FlowSpec = z.infer<typeof flowSchema>;

/** A flow with the positions of its steps among those that happen. */
export interface Flow extends FlowSpec {
  readonly source: number;
  readonly target: number;
}

/** @param names of the steps that happen, in order @throws RuleProblem */
export function compileFlow(spec: FlowSpec, names: readonly string[], path: readonly PropertyKey[]): Flow {
  const source = names.indexOf(spec.from);
  const target = names.indexOf(spec.to);
  if (source < 0 || source === names.length - 1)
    throw new RuleProblem([...path, "from"], "expected the name of a step before the last that happens");
  if (target <= source) throw new RuleProblem([...path, "to"], "expected the name of a step after `from`");
  return { ...spec, source, target };
}

const NO_VALUES: ReadonlySet<number> = new Set();
const MAX_SCAN_CHARS = 16 * 1024; // of the arguments, as much as features are made of

/** What a call's arguments hold; of a call that is only remembered, the text may be no more than its redaction tokens. */
export type Sent = Pick<RecordView, "argFeatures" | "argsText">;

export function flowBetween(source: Features, { argFeatures, argsText }: Sent): FlowLink | null {
  const link = linkBetween(source, argFeatures, NO_VALUES);
  if (link === null) return null;
  if (link === "secret") return { by: "secret", shown: kindOf(source, argsText) };
  const wanted = new Set(argFeatures.values.filter((value) => source.values.includes(value)));
  if (wanted.size === 0) return { by: "text", shown: "a copied passage" };
  return { by: "value", shown: maskedWord(argsText, wanted) };
}

/** The severity of a finding with these links, one for each flow; null where one of the flows forbids it. */
export function levelOfFlows(flows: readonly Flow[], links: readonly (FlowLink | null)[]): Severity | null {
  let gravest: Severity | null = null;
  for (const [index, flow] of flows.entries()) {
    const link = links[index] ?? null;
    const own = (link === null ? undefined : flow[link.by]) ?? flow.none;
    if (own === undefined) return null;
    if (gravest === null || SEVERITIES.indexOf(own) > SEVERITIES.indexOf(gravest)) gravest = own;
  }
  return gravest;
}

export function wordsForFlows(links: readonly (FlowLink | null)[]): string {
  const words = new Set(links.flatMap((link) => (link === null ? [] : [wordsForLink(link)])));
  return words.size === 0 ? "no value links the two" : [...words].join("; ");
}

function wordsForLink({ by, shown }: FlowLink): string {
  if (by === "secret") return "the secret that was read is in what was sent";
  if (by === "text") return "a passage that was read is in what was sent";
  return `a value that was read is in what was sent (${shown})`;
}

function kindOf({ secrets }: Features, text: string): string {
  const token = redactionTokensIn(text).find((each) =>
    secrets.includes(each.slice(each.indexOf(":") + 1, -1)),
  );
  return token === undefined ? "a secret" : `a ${kindOfToken(token).replaceAll("_", " ")}`;
}

/** Two characters at each end: enough to find it again in the records, too little to use it. */
function maskedWord(text: string, wanted: ReadonlySet<number>): string {
  const scanned = text.slice(0, MAX_SCAN_CHARS).toLowerCase();
  let masked = "only its fingerprint is known";
  scanWords(scanned, ({ from, to, hash }) => {
    if (!wanted.has(hash)) return true;
    masked = `${scanned.slice(from, from + 2)}…${scanned.slice(to - 2, to)}`;
    return false;
  });
  return masked;
}
