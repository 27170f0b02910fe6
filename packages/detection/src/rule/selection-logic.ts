import type { RecordView } from "../record/record-view.ts";

/** A compiled selection or condition. */
export interface Selection {
  matches(view: RecordView): boolean;
  /** Names of the fields it looks at. */
  readonly fields: ReadonlySet<string>;
  /** True when it can only be judged once the call has ended. */
  readonly atEnd: boolean;
  /** Fields of which it needs one of certain values to match; left out where nothing is known. See `requiredBy`. */
  readonly requirements?: Requirements;
  /** Of one that holds as soon as any of several does: these. */
  readonly anyOf?: readonly Selection[];
}

/** Whether `whole` holds wherever `part` does, as far as its form tells. */
export function follows(whole: Selection, part: Selection): boolean {
  return whole === part || whole.matches === part.matches || whole.anyOf?.includes(part) === true;
}

export interface Requirement {
  readonly field: string;
  /** In lower case. */
  readonly values: ReadonlySet<string>;
}

export type Requirements = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * For dispatch: the selection cannot match unless one of the field's values is one of these, compared in lower case. Null
 * where nothing of the kind is known; of several fields the one that says most.
 */
export function requiredBy({ requirements }: Selection): Requirement | null {
  return requirements === undefined ? null : mostTelling(requirements);
}

const MAX_REQUIRED_VALUES = 512; // of one field; beyond it, looking a value up tells little
export const NOTHING_REQUIRED: Requirements = new Map();

export function anyOf(members: readonly Selection[]): Selection {
  const [first, second] = members;
  if (members.length === 1 && first !== undefined) return first;
  const matches =
    members.length === 2 && first !== undefined && second !== undefined
      ? (view: RecordView) => first.matches(view) || second.matches(view)
      : (view: RecordView) => members.some((member) => member.matches(view));
  return { matches, ...joined(members), requirements: eachRequires(members), anyOf: members };
}

export function allOf(members: readonly Selection[]): Selection {
  const [first, second] = members;
  if (members.length === 1 && first !== undefined) return first;
  const matches =
    members.length === 2 && first !== undefined && second !== undefined
      ? (view: RecordView) => first.matches(view) && second.matches(view)
      : (view: RecordView) => members.every((member) => member.matches(view));
  return { matches, ...joined(members), requirements: togetherRequire(members) };
}

/** At least `count` of them hold. */
export function someOf(members: readonly Selection[], count: number): Selection {
  if (count === 1) return anyOf(members);
  if (count === members.length) return allOf(members);
  const matches = (view: RecordView): boolean => {
    let holding = 0;
    for (const member of members) if (member.matches(view)) holding += 1;
    return holding >= count;
  };
  return { matches, ...joined(members), requirements: eachRequires(members) };
}

export function not(member: Selection): Selection {
  const { anyOf: _anyOf, ...rest } = member;
  return { ...rest, matches: (view) => !member.matches(view), requirements: NOTHING_REQUIRED };
}

function joined(members: readonly Selection[]): Pick<Selection, "fields" | "atEnd"> {
  return {
    fields: new Set(members.flatMap(({ fields }) => [...fields])),
    atEnd: members.some(({ atEnd }) => atEnd),
  };
}

/** Of members that all hold: of each field the fewest values. (Fields can have several values, so no intersection.) */
function togetherRequire(members: readonly Selection[]): Requirements {
  const together = new Map<string, ReadonlySet<string>>();
  for (const [field, values] of members.flatMap(({ requirements = NOTHING_REQUIRED }) => [...requirements])) {
    const known = together.get(field);
    if (known === undefined || values.size < known.size) together.set(field, values);
  }
  return together;
}

/** Of members of which any may hold: the fields that each of them has, with the values of all. */
function eachRequires(members: readonly Selection[]): Requirements {
  const [first, ...others] = members;
  const each = new Map<string, ReadonlySet<string>>();
  for (const field of first?.requirements?.keys() ?? []) {
    if (others.some(({ requirements }) => requirements?.has(field) !== true)) continue;
    const values = new Set(members.flatMap(({ requirements }) => [...(requirements?.get(field) ?? [])]));
    if (values.size <= MAX_REQUIRED_VALUES) each.set(field, values);
  }
  return each;
}

/** Fields with few different values in a stream say little, however few of them a rule names. */
const TELLS_LITTLE = [
  "type",
  "method",
  "transport",
  "environment",
  "assurance",
  "decision",
  "tenant",
  "outcome",
];

function mostTelling(requirements: Requirements): Requirement | null {
  let best: Requirement | null = null;
  for (const [field, values] of requirements) {
    if (best === null || rank(field, values) < rank(best.field, best.values)) best = { field, values };
  }
  return best;
}

function rank(field: string, values: ReadonlySet<string>): number {
  return (TELLS_LITTLE.includes(field) ? MAX_REQUIRED_VALUES : 0) + (field === "tool" ? 0 : 1) + values.size;
}
