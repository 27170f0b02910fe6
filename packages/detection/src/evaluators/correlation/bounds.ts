export const OPERATORS = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
export type Operator = (typeof OPERATORS)[number];

/** What a correlation's condition demands of a number: all that is given must hold. */
export type Bounds = Readonly<Partial<Record<Operator, number>>>;

export function within(bounds: Bounds, value: number): boolean {
  const { gt, gte, lt, lte, eq, neq } = bounds;
  return (
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte) &&
    (eq === undefined || value === eq) &&
    (neq === undefined || value !== neq)
  );
}

/** The least whole number, from 1, for which they can hold. */
export function leastWithin({ gt, gte, eq }: Bounds): number {
  return Math.max(1, ...[gt === undefined ? 1 : Math.floor(gt) + 1, Math.ceil(gte ?? 1), Math.ceil(eq ?? 1)]);
}

/** How far must be counted to know whether they hold. */
export function countedUpTo({ gt, gte, lt, lte, eq, neq }: Bounds): number {
  return Math.max(
    ...[gt, gte, lt, lte, eq, neq].map((bound) => (bound === undefined ? 0 : Math.floor(bound) + 1)),
  );
}
