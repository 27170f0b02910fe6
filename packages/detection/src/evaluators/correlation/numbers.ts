import { type FieldValue, fieldReader } from "../../record/fields.ts";
import type { RecordView } from "../../record/record-view.ts";

const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** The numbers that a field of the record has; texts that are none are left out. */
export function numbersReader(field: string): (view: RecordView) => number[] {
  const read = fieldReader(field);
  return (view) => numbersOf(read(view)).filter(Number.isFinite);
}

function numbersOf(found: FieldValue): number[] {
  if (typeof found === "number") return [found];
  const texts = typeof found === "string" ? [found] : typeof found === "object" ? found : [];
  return texts.filter((text) => NUMBER.test(text)).map(Number);
}

const SHOWN_DIGITS = 6;

export function numberText(value: number): string {
  return String(Number(value.toPrecision(SHOWN_DIGITS)));
}
