import { z } from "zod";
import { evidenceState } from "../evaluators/evidence.ts";
import { freshSession, type Session } from "./session.ts";
import type { Segment, SegmentKind, Tape } from "./tape.ts";

/** How a session becomes JSON and comes back: arrays of numbers as base64 of their bytes. */

const tapeState = z.object({
  hashes: z.string(),
  marks: z.string(),
  /** Per segment: start, kind, call, record, tool. */
  segments: z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()])),
  dropped: z.number(),
});

const savedSession = z.object({
  texts: tapeState,
  said: tapeState,
  calls: z.number(),
  open: z.array(z.tuple([z.string(), z.number()])),
  sources: z.array(z.tuple([z.number(), evidenceState])),
  /** Per thing taken: call, record, place. */
  taken: z.array(z.tuple([z.number(), z.number(), z.number()])),
});

export const sessionState = savedSession.transform((saved): Session => {
  const session = freshSession();
  restoreTape(session.texts, saved.texts);
  restoreTape(session.said, saved.said);
  session.calls = saved.calls;
  for (const [call, index] of saved.open) session.open.set(call, index);
  for (const [call, evidence] of saved.sources) session.sources.set(call, evidence);
  session.taken = saved.taken.map(([call, record, place]) => ({ call, record, place }));
  return session;
});

export function savedSessionOf(session: Session): z.input<typeof savedSession> {
  return {
    texts: savedTape(session.texts),
    said: savedTape(session.said),
    calls: session.calls,
    open: [...session.open],
    sources: [...session.sources],
    taken: session.taken.map(({ call, record, place }) => [call, record, place]),
  };
}

function savedTape(tape: Tape): z.infer<typeof tapeState> {
  const hashes = Buffer.allocUnsafe(tape.length * 4);
  for (let at = 0; at < tape.length; at += 1) hashes.writeUInt32LE(tape.hashes[at] ?? 0, at * 4);
  return {
    hashes: hashes.toString("base64"),
    marks: Buffer.from(tape.marks.subarray(0, tape.length)).toString("base64"),
    segments: tape.segments.map(({ start, kind, call, record, tool }) => [start, kind, call, record, tool]),
    dropped: tape.dropped,
  };
}

function restoreTape(tape: Tape, saved: z.infer<typeof tapeState>): void {
  const hashes = Buffer.from(saved.hashes, "base64");
  const length = hashes.length >>> 2;
  tape.restore(
    Uint32Array.from({ length }, (_, at) => hashes.readUInt32LE(at * 4)),
    Uint8Array.from(Buffer.from(saved.marks, "base64").subarray(0, length)),
    saved.segments.map(
      ([start, kind, call, record, tool]): Segment => ({ start, kind: kindOf(kind), call, record, tool }),
    ),
    saved.dropped,
  );
}

function kindOf(kind: number): SegmentKind {
  return kind === 0 ? 0 : kind === 1 ? 1 : 2;
}
