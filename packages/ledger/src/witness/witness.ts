import { encodeSignatureLines, type Signer, signText } from "../note/index.ts";
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
      if (isRefusal(submission)) return refused(submission, null);
      const { origin, tree, text } = submission;
      const result = turn.then(async () => {
        const last = deps.memory.last(origin);
        const refusal = refusalOf(submission, last);
        if (refusal !== null) return refused(refusal, origin);
        // Remembered before it is signed: a cosignature that leaves and is forgotten could be contradicted.
        if (tree.size !== last.size) await deps.memory.remember(origin, tree);
        const lines = encodeSignatureLines(await signText(text, deps.signers));
        return { status: 200, contentType: TEXT, body: lines, outcome: "cosigned", origin } as const;
      });
      turn = result.catch(() => undefined); // its caller has the rejection; the next one starts all the same
      return result;
    },
  };
}

function refused(refusal: Refusal, origin: string | null): WitnessAnswer {
  const { kind: outcome } = refusal;
  switch (refusal.kind) {
    case "malformed":
      return { status: 400, contentType: TEXT, body: `${refusal.why}\n`, outcome, origin };
    case "unknown_origin":
      return { status: 404, contentType: TEXT, body: "this log is not watched here\n", outcome, origin };
    case "unsigned":
      return {
        status: 403,
        contentType: TEXT,
        body: "no known key of this log signed this\n",
        outcome,
        origin,
      };
    case "stale":
      return { status: 409, contentType: SIZE, body: `${refusal.size}\n`, outcome, origin };
    case "other_root":
      return {
        status: 409,
        contentType: TEXT,
        body: "another tree of this size was cosigned\n",
        outcome,
        origin,
      };
    case "inconsistent":
      return {
        status: 422,
        contentType: TEXT,
        body: "the proof does not lead to this tree\n",
        outcome,
        origin,
      };
  }
}
