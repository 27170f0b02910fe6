import { parseTreeSize } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { decodeBase64, decodeText, encodeBase64, encodeText } from "../note/index.ts";

/** C2SP tlog-proof: everything that shows one entry to be in a log, in one file (`.tlog-proof`). Shape only. */

const HEADER = "c2sp.org/tlog-proof@v1";
const EXTRA = "extra ";
const MAX_PROOF_BYTES = 2_000_000; // a note of the largest size and as much extra data
const MAX_HASHES = 63; // RFC 6962 proofs in trees of less than 2^63 leaves
const HASH_BYTES = 32;

export interface LogProof {
  /** Opaque, and covered by no signature. */
  extra: Uint8Array | null;
  /** The entry's place in the log, from 0. */
  index: number;
  /** From the leaf's sibling upward, 32 bytes each. */
  hashes: Uint8Array[];
  /** A signed note, byte for byte as the log published it. */
  checkpoint: Uint8Array;
}

/** @throws LedgerError TRIPLINE_LEDGER_PROOF_MALFORMED for what no proof file can hold */
export function encodeProof({ extra, index, hashes, checkpoint }: LogProof): Uint8Array {
  if (!Number.isSafeInteger(index) || index < 0)
    throw malformed("its index is a whole number from 0 to 2^53 - 1");
  if (hashes.length > MAX_HASHES || hashes.some((hash) => hash.length !== HASH_BYTES)) {
    throw malformed(`it has at most ${MAX_HASHES} hashes of ${HASH_BYTES} bytes`);
  }
  const note = decodeText(checkpoint);
  if (note === null) throw malformed("its checkpoint is not UTF-8");
  const lines = [
    HEADER,
    ...(extra === null || extra.length === 0 ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(encodeBase64),
    "",
    note,
  ];
  return encodeText(lines.join("\n"));
}

/** @throws LedgerError TRIPLINE_LEDGER_PROOF_MALFORMED. Whether it proves anything: `verifyProof` */
export function parseProof(file: Uint8Array): LogProof {
  if (file.length > MAX_PROOF_BYTES) throw malformed(`it is longer than ${MAX_PROOF_BYTES} bytes`);
  const text = decodeText(file);
  if (text === null) throw malformed("it is not UTF-8");
  const gap = text.indexOf("\n\n");
  if (gap < 0) throw malformed("no empty line sets the checkpoint apart");
  const lines = text.slice(0, gap).split("\n");
  if (lines.shift() !== HEADER) throw malformed(`its first line is not ${HEADER}`);
  const extra = lines[0]?.startsWith(EXTRA) ? extraOf(lines.shift() ?? "") : null;
  const [indexLine = "", ...hashLines] = lines;
  const index = indexLine.startsWith("index ") ? parseTreeSize(indexLine.slice("index ".length)) : null;
  if (index === null) throw malformed("it has no `index N` line");
  if (hashLines.length > MAX_HASHES) throw malformed(`it has more than ${MAX_HASHES} hashes`);
  const hashes = hashLines.map((line) => {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_BYTES) throw malformed(`a hash is not ${HASH_BYTES} bytes of base64`);
    return hash;
  });
  return { extra, index, hashes, checkpoint: encodeText(text.slice(gap + 2)) };
}

function extraOf(line: string): Uint8Array {
  const extra = decodeBase64(line.slice(EXTRA.length));
  if (extra === null || extra.length === 0) throw malformed("its extra data is empty or not base64");
  return extra;
}

function malformed(why: string): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_PROOF_MALFORMED", `this is not a tlog-proof: ${why}`);
}
