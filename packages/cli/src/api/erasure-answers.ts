import { z } from "zod";

/** The answers about erasures and legal holds, as far as the command shows them. */

const count = z.number();
const left = z.looseObject({ payloads: count, names: count, held: count });
const covers = z.looseObject({
  kind: z.string(),
  principal: z.string().optional(),
  session: z.string().optional(),
  before: z.string().optional(),
  ids: z.array(z.string()).optional(),
});
export type Covers = z.infer<typeof covers>;
const copies = z.array(z.looseObject({ where: z.string(), what: z.string(), ends: z.string().nullable() }));
export type Copies = z.infer<typeof copies>;

export const eraseAnswer = z.looseObject({
  id: z.string().nullable(),
  covers,
  left,
  holds: z.array(z.string()),
  copies,
});

const erasure = z.looseObject({
  id: z.string(),
  type: z.string(),
  time: z.string(),
  by: z.string(),
  reason: z.string().nullable(),
  covers,
  state: z.string(),
  left,
});
export type ErasureRow = z.infer<typeof erasure>;
export const erasuresAnswer = z.looseObject({ erasures: z.array(erasure) });
export const erasureAnswer = z.looseObject({ erasure, copies });

const hold = z.looseObject({
  id: z.string(),
  scope: z.looseObject({ kind: z.string(), subject: z.string().optional() }),
  reason: z.string(),
  by: z.string(),
  since: z.string(),
});
export const holdsAnswer = z.looseObject({ holds: z.array(hold) });
export const heldAnswer = z.looseObject({ id: z.string() });
