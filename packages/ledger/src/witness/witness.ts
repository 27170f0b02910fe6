import { decodeText, encodeSignatureLines, type Signer, signText } from "../note/index.ts";
import { isRefusal, type Refusal, readSubmission, refusalOf, type WitnessedTree } from "./decide.ts";
import type { LogList } from "./log-list.ts";

/**
 * What a witness knows, and keeps through any crash. A witness that forgets can be shown another history: an implementation
 * that can't read what it wrote throws, and never starts over by itself.
 */
export interface WitnessMemory {
  /** Size 0 for a log that was never cosigned. */
  last(origin: string): WitnessedTree;
  /** Resolves when it is durable. Called by one caller at a time. */
  remember(origin: string, tree: WitnessedTree): Promise<void>;
}

/** An HTTP answer of C2SP tlog-witness, and what it was about, for logs and metrics. */
export interface WitnessAnswer {
  status: number;
  contentType: string;
  body: string;
  outcome: "cosigned" | Refusal["kind"];
  /** Only of a known log, whose signature was verified. */
  origin: string | null;
  /** Where the log contradicts itself: what it signed before, and the request that does not go with it. */
  contradiction: { cosigned: string; request: string } | null;
}

export interface Witness {
  /** Body of `POST add-checkpoint`. Rejects only when remembering or signing failed: then nothing was cosigned. */
  addCheckpoint(body: Uint8Array): Promise<WitnessAnswer>;
}

const TEXT = "text/plain; charset=utf-8";
const SIZE = "text/x.tlog.size"; // the specification's type for the size in a 409

/** `logs` is asked at each request, so that the list can change while it runs. */
export function createWitness(deps: {
  logs: () => LogList;
  memory: WitnessMemory;
  signers: readonly Signer[];
}): Witness {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    addCheckpoint: async (body) => {
      const submission = readSubmission(body, deps.logs());
      if (isRefusal(submission)) return refused(submission);
      const { origin, tree, text } = submission;
      const result = turn.then(async () => {
        const last = deps.memory.last(origin);
        const refusal = refusalOf(submission, last);
        if (refusal !== null)
          return { ...refused(refusal), origin, contradiction: contradiction(refusal, last, body) };
        // Remembered before it is signed: a cosignature that leaves and is forgotten could be contradicted.
        if (tree.size !== last.size) await deps.memory.remember(origin, tree);
        const lines = encodeSignatureLines(await signText(text, deps.signers));
        return {
          status: 200,
          contentType: TEXT,
          body: lines,
          outcome: "cosigned",
          origin,
          contradiction: null,
        } as const;
      });
      turn = result.catch(() => undefined); // its caller has the rejection; the next one starts all the same
      return result;
    },
  };
}

/** A proof that leads nowhere can also be a sender's mistake; people have to look. */
function contradiction(
  { kind }: Refusal,
  last: WitnessedTree,
  body: Uint8Array,
): WitnessAnswer["contradiction"] {
  if (kind !== "other_root" && kind !== "inconsistent") return null;
  return {
    cosigned: last.note === null ? "" : (decodeText(last.note) ?? ""),
    request: decodeText(body) ?? "",
  };
}

function refused(refusal: Refusal): WitnessAnswer {
  const [status, contentType, body] = answerTo(refusal);
  return { status, contentType, body, outcome: refusal.kind, origin: null, contradiction: null };
}

function answerTo(refusal: Refusal): [number, string, string] {
  switch (refusal.kind) {
    case "malformed":
      return [400, TEXT, `${refusal.why}\n`];
    case "unknown_origin":
      return [404, TEXT, "this log is not watched here\n"];
    case "unsigned":
      return [403, TEXT, "no known key of this log signed this\n"];
    case "stale":
      return [409, SIZE, `${refusal.size}\n`];
    case "other_root":
      return [409, TEXT, "another tree of this size was cosigned\n"];
    case "inconsistent":
      return [422, TEXT, "the proof does not lead to this tree\n"];
  }
}
