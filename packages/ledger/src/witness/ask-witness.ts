import { parseTreeSize } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import {
  decodeText,
  encodeText,
  keyReference,
  type NoteSignature,
  parseSignatureLines,
  parseTimestampedSignature,
} from "../note/index.ts";
import type { PolicyWitness } from "../policy/index.ts";
import { encodeAddCheckpoint } from "./request.ts";

const MAX_ANSWER_BYTES = 64 * 1024; // a few signature lines
const MAX_TRIES = 3; // a 409 tells the size to go on from; more than two in a row is another sender racing this one

/** A checkpoint on its way to its witnesses. */
export interface CheckpointToWitness {
  /** Signed by its log. */
  note: Uint8Array;
  /** The note's text as `openCheckpoint` gives it. */
  text: string;
  size: number;
  /** Consistency proof from a size the witness names to this checkpoint's. */
  prove(from: number): Promise<readonly Uint8Array[]>;
}

export type WitnessFailure =
  /** No connection, no answer in time, or the answer broke off. Try again later. */
  | "unreachable"
  | "timeout"
  /** 429 or 5xx. Try again later. */
  | "busy"
  /** 404: the witness does not watch this log. Give its operator the log's key. */
  | "unknown_log"
  /** 403: the witness has another key for this log. */
  | "key_not_trusted"
  /** 422, or 409 for the same size: what the witness saw before is not part of this tree. An alarm. */
  | "inconsistent"
  /** The witness has cosigned a larger tree of this log. An alarm, unless a newer checkpoint is on its way already. */
  | "ahead"
  /** 400 or any other status: one of the two does not keep to the protocol. */
  | "refused"
  /** 200 without a cosignature of this witness over this checkpoint. */
  | "bad_answer"
  /** The policy has no URL for it, or no `http(s)` one. */
  | "no_url";

export type WitnessOutcome =
  | { kind: "cosigned"; witness: PolicyWitness; signature: NoteSignature; timestamp: number }
  | { kind: "failed"; witness: PolicyWitness; reason: WitnessFailure; detail: string }
  /** The quorum held before it had answered. */
  | { kind: "not_needed"; witness: PolicyWitness };

export type Fetch = (
  url: string,
  init: RequestInit & { method: string; body: Uint8Array<ArrayBuffer> },
) => Promise<Response>;

/**
 * Asks one witness for its cosignature (C2SP tlog-witness). `oldSize`: what it cosigned last, as far as is known; where that
 * is wrong it says so, and is asked again from there. The size it has afterwards is in `size`, where it said.
 * Never rejects for what a witness does; rejects with what `prove` rejects with.
 */
export async function askWitness(
  witness: PolicyWitness,
  checkpoint: CheckpointToWitness,
  options: { oldSize: number; fetch: Fetch; signal: AbortSignal },
): Promise<{ outcome: WitnessOutcome; size: number | null }> {
  const failed = (reason: WitnessFailure, detail: string, size: number | null = null) => ({
    outcome: { kind: "failed", witness, reason, detail } as const,
    size,
  });
  const url = submissionUrl(witness);
  if (url === null) return failed("no_url", "the policy has no http(s) URL for it");
  let oldSize = Math.min(options.oldSize, checkpoint.size);
  for (let tried = 0; tried < MAX_TRIES; tried++) {
    const proof = oldSize === 0 || oldSize === checkpoint.size ? [] : await checkpoint.prove(oldSize);
    const body = encodeAddCheckpoint({ oldSize, proof, checkpoint: checkpoint.note });
    let answer: { status: number; type: string; text: string | null };
    try {
      answer = await post(url, body, options);
    } catch (error) {
      if (timedOut(options.signal)) return failed("timeout", "no answer in time");
      return failed("unreachable", error instanceof Error ? reasonOf(error) : "no connection");
    }
    const { status, text } = answer;
    if (status === 200) {
      const cosigned = cosignatureIn(text, witness, checkpoint.text);
      if (cosigned === null)
        return failed("bad_answer", "its answer has no cosignature of its key over this checkpoint");
      return { outcome: { kind: "cosigned", witness, ...cosigned }, size: checkpoint.size };
    }
    const told = status === 409 && answer.type === "text/x.tlog.size" ? sizeIn(text) : null;
    if (told === null) return failed(...meaningOf(status));
    if (told > checkpoint.size) {
      return failed(
        "ahead",
        `it has cosigned ${told} leaves, and this checkpoint has ${checkpoint.size}`,
        told,
      );
    }
    if (told === oldSize) return failed("bad_answer", "it names the size it was given as another one", told);
    oldSize = told;
  }
  return failed(
    "busy",
    "its size changed with each answer: somebody else sends it checkpoints of this log",
    oldSize,
  );
}

function submissionUrl({ url }: PolicyWitness): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { protocol, search, hash } = new URL(url);
  if ((protocol !== "http:" && protocol !== "https:") || search !== "" || hash !== "") return null;
  return `${url.replace(/\/+$/, "")}/add-checkpoint`;
}

async function post(url: string, body: Uint8Array, { fetch, signal }: { fetch: Fetch; signal: AbortSignal }) {
  const response = await fetch(url, {
    method: "POST",
    body: Uint8Array.from(body),
    headers: { "content-type": "application/octet-stream" },
    redirect: "error", // a cosignature comes from where the policy says
    signal,
  });
  const type = (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return { status: response.status, type, text: decodeText(await limitedBody(response)) };
}

async function limitedBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function cosignatureIn(
  text: string | null,
  { key }: PolicyWitness,
  signed: string,
): { signature: NoteSignature; timestamp: number } | null {
  if (text === null) return null;
  const lines = signatureLines(text).filter((line) => keyReference(line) === keyReference(key));
  const signature = lines.find((line) => key.verify(encodeText(signed), line.signature));
  const timestamp =
    signature === undefined ? undefined : parseTimestampedSignature(signature.signature)?.timestamp;
  return signature === undefined || timestamp === undefined ? null : { signature, timestamp };
}

function signatureLines(text: string): NoteSignature[] {
  try {
    return parseSignatureLines(text);
  } catch (error) {
    if (error instanceof LedgerError) return [];
    throw error;
  }
}

function sizeIn(text: string | null): number | null {
  return text?.endsWith("\n") ? parseTreeSize(text.slice(0, -1)) : null;
}

/** What a status means that is not a cosignature. The answer's own words are a stranger's, and are not passed on. */
function meaningOf(status: number): [WitnessFailure, string] {
  if (status === 404)
    return ["unknown_log", "it does not watch this log: give its operator the log's verifier key"];
  if (status === 403)
    return ["key_not_trusted", "it trusts another key for this log: give its operator the present one"];
  if (status === 422)
    return ["inconsistent", "the proof does not lead from the tree it cosigned to this one"];
  if (status === 409) return ["inconsistent", "it has cosigned another tree of this size"];
  if (status === 429 || status >= 500) return ["busy", `it answered ${status}`];
  return ["refused", `it answered ${status}`];
}

function timedOut(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof Error && signal.reason.name === "TimeoutError";
}

/** fetch hides the reason one or two causes deep: `ECONNREFUSED` says more than "fetch failed". */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return cause instanceof Error ? cause.message : error.message;
}
