import { effectBit } from "../knowledge/effects.ts";
import type { RecordView } from "../record/record-view.ts";
import { type CallValues, valuesOf } from "./argument-values.ts";
import { valuesOfFingerprint } from "./fingerprints.ts";
import { hashOf } from "./token-scan.ts";
import { type ToolWords, toolWords } from "./tool-words.ts";

/** What the judge must know of a call before it runs. */
export interface JudgedCall {
  /** Hash of the tool's name. */
  tool: number;
  words: ToolWords;
  values: CallValues;
  externalSink: boolean;
  /** Something is sent along: a link that is given with it is where it goes, and not only what is looked at. */
  carriesContent: boolean;
  destructive: boolean;
  /** Moves money, destroys, or changes who may do what. */
  grave: boolean;
}

const SINK = effectBit("external_sink");
const DESTRUCTIVE = effectBit("destructive");
const GRAVE = effectBit("money") | DESTRUCTIVE | effectBit("identity");

/** @param effects bit mask of EFFECTS: what the tool is known for and what the arguments add */
export function judgedCall(tool: string, effects: number, values: CallValues): JudgedCall {
  return {
    tool: hashOf(tool),
    words: toolWords(tool),
    values,
    externalSink: (effects & SINK) !== 0,
    carriesContent:
      values.longs.length > 0 || values.values.some(({ role }) => role === "text" || role === "privilege"),
    destructive: (effects & DESTRUCTIVE) !== 0,
    grave: (effects & GRAVE) !== 0,
  };
}

export function judgedCallOf(view: RecordView, values: CallValues): JudgedCall {
  const { target } = view.record.envelope;
  return judgedCall(target?.tool ?? "", view.profile.effects | view.argumentEffects.effects, values);
}

const NO_VALUES: CallValues = {
  values: [],
  longs: [],
  marked: [],
  grams: [],
  said: new Uint32Array(0),
  items: [],
};

/** One record is judged in several groups: its arguments are taken apart once. */
const valuesOfViews = new WeakMap<RecordView, CallValues>();

export function valuesOfView(view: RecordView): CallValues {
  const known = valuesOfViews.get(view);
  if (known !== undefined) return known;
  const fingerprint = view.record.payload?.fingerprints?.args;
  const values =
    view.rawArgs !== undefined
      ? valuesOf(view.rawArgs)
      : fingerprint !== undefined
        ? valuesOfFingerprint(fingerprint)
        : NO_VALUES;
  valuesOfViews.set(view, values);
  return values;
}
