import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Features } from "../text/features.ts";
import { evidenceOf, evidenceState } from "./evidence.ts";

/** 32-bit numbers as base64 of their bytes: most of a snapshot is these. */
const packedNumbers = z.string().transform((text) => {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: bytes.length >>> 2 }, (_, index) => bytes.readUInt32LE(index * 4));
});

export const featuresState = z.object({
  secrets: z.array(z.string()),
  values: packedNumbers,
  shingles: packedNumbers,
});

/** Features as `featuresState` reads them back. */
export function savedFeatures({ secrets, values, shingles }: Features): z.input<typeof featuresState> {
  return { secrets, values: packed(values), shingles: packed(shingles) };
}

function packed(numbers: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, index * 4);
  return bytes.toString("base64");
}

/** A call that a later one may be linked to: its evidence and what would be recognised of its result. */
export const rememberedCall = z.object({ t: z.number(), evidence: evidenceState, features: featuresState });
export type RememberedCall = z.infer<typeof rememberedCall>;

const MAX_KEPT_SHINGLES = 256; // of one call: about the first 1.5 KB of copied prose is recognised
const MAX_KEPT_VALUES = 64;

/** @param withFeatures false where no later step asks for a link: nothing of the text is kept then */
export function rememberCall(view: RecordView, step: string, withFeatures: boolean): RememberedCall {
  if (latest.serial !== view.serial) latest = { serial: view.serial, calls: new Map() };
  const key = withFeatures ? `${step} ` : step; // no step's name has a space
  let call = latest.calls.get(key);
  if (call === undefined) {
    const features = withFeatures ? broughtIn(view) : NO_FEATURES;
    call = { t: view.time, evidence: evidenceOf(view, step), features };
    latest.calls.set(key, call);
  }
  return call;
}

// Of one record all rules and groups keep the same objects: they are never changed, and most of the state is these.
let latest: { serial: number; calls: Map<string, RememberedCall> } = { serial: 0, calls: new Map() };
const NO_FEATURES: Features = { secrets: [], values: [], shingles: [] };

let brought: { serial: number; features: Features } = { serial: 0, features: NO_FEATURES };

/** What the result brought in: values that the agent itself had put into the arguments are no news. */
export function broughtIn(view: RecordView): Features {
  if (brought.serial === view.serial) return brought.features;
  const { secrets, values, shingles } = view.resultFeatures;
  const own = new Set(view.argFeatures.values);
  const features = {
    secrets,
    values: values.filter((value) => !own.has(value)).slice(0, MAX_KEPT_VALUES),
    shingles: shingles.slice(0, MAX_KEPT_SHINGLES),
  };
  brought = { serial: view.serial, features };
  return features;
}
