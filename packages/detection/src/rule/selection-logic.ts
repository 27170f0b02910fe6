import type { RecordView } from "../record/record-view.ts";

/** A compiled selection or condition. */
export interface Selection {
  matches(view: RecordView): boolean;
  /** Names of the fields it looks at. */
  readonly fields: ReadonlySet<string>;
  /** True when it can only be judged once the call has ended. */
  readonly atEnd: boolean;
  /** Of one that holds as soon as any of several does: these. */
  readonly anyOf?: readonly Selection[];
}

/** Whether `whole` holds wherever `part` does, as far as its form tells. */
export function follows(whole: Selection, part: Selection): boolean {
  return whole === part || whole.matches === part.matches || whole.anyOf?.includes(part) === true;
}

export function anyOf(members: readonly Selection[]): Selection {
  const [first, second] = members;
  if (members.length === 1 && first !== undefined) return first;
  const matches =
    members.length === 2 && first !== undefined && second !== undefined
      ? (view: RecordView) => first.matches(view) || second.matches(view)
      : (view: RecordView) => members.some((member) => member.matches(view));
  return { matches, ...joined(members), anyOf: members };
}

export function allOf(members: readonly Selection[]): Selection {
  const [first, second] = members;
  if (members.length === 1 && first !== undefined) return first;
  const matches =
    members.length === 2 && first !== undefined && second !== undefined
      ? (view: RecordView) => first.matches(view) && second.matches(view)
      : (view: RecordView) => members.every((member) => member.matches(view));
  return { matches, ...joined(members) };
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
  return { matches, ...joined(members) };
}

export function not(member: Selection): Selection {
  const { anyOf: _anyOf, ...rest } = member;
  return { ...rest, matches: (view) => !member.matches(view) };
}

function joined(members: readonly Selection[]): Pick<Selection, "fields" | "atEnd"> {
  return {
    fields: new Set(members.flatMap(({ fields }) => [...fields])),
    atEnd: members.some(({ atEnd }) => atEnd),
  };
}
