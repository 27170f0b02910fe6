import type { Manifest } from "./manifest.ts";
import { quoteText } from "./quote.ts";

/** A bundle's page in plain words: what it proves, and what it does not. @param records how many were asked for and found */
export function wordsOf({ made, asked, covers, records }: Omit<Manifest, "files">): string {
  const where = Object.entries(asked.where ?? {}).map(
    ([field, value]) => `${field} = ${quoteText(String(value))}`,
  );
  const range = [
    asked.id === undefined ? "" : `the event ${asked.id}`,
    asked.from === undefined ? "" : `sealed from ${asked.from}`,
    asked.to === undefined ? "" : `sealed before ${asked.to}`,
    ...where,
  ].filter((part) => part !== "");
  return `WHAT THIS IS

Evidence from Tripline, which records what AI agents do with tools.
Asked for: ${range.length === 0 ? "everything" : range.join(", ")}.
Found: ${records} records. Made at ${made}, by the clock of whoever made it.

HOW TO CHECK IT

With the command:   tripline verify bundle THIS-FOLDER --policy POLICY-FILE
Without a shell:    open verifier.html in a browser; nothing leaves your machine, and no network is needed.

You need one thing that must NOT come from whoever gave you this bundle: the policy file. It holds the public key of the ledger and
those of the witnesses, and says how many of them have to agree. Get it from the witnesses, or keep it from earlier.
The page in this folder came with the bundle: who does not trust the sender takes the page, too, from elsewhere.

WHAT IT PROVES, IF THE CHECK SUCCEEDS

- Each record here, to the last byte, is what was sealed in the ledger, at the position that it claims.
- It was sealed before the witnesses signed the checkpoint in ledger/root, at the times that the check shows. Nobody can have written
  or changed it afterwards, not even an administrator of the database with the ledger's own signing key, unless enough of the
  witnesses worked with them.
${
  covers === "range"
    ? `- Nothing is missing between the two ends of the range: each position has its record, or the ledger itself says why not (sent twice;
  not readable; lost before it was sealed).`
    : `- Nothing is said about other records: this is a selection. Whether it is all that fits the question, this bundle can't show. Ask for a
  whole range of time (without a condition) where that matters.`
}
- Where a whole record is gone, a sealed record of its retention names its position, or the check calls it MISSING.
- Where a payload is gone, a sealed record says who had it erased, when, and why; otherwise the check calls it PAYLOAD_MISSING.

WHAT IT DOES NOT PROVE

- That a record is true. It says what the software that wrote it saw; a program that lies is recorded faithfully.
- That everything that happened was recorded. What never reached Tripline is not here (see \`tripline gaps\` for what can be told).
- When exactly something happened. Times in a record are those of the machine that wrote it. What the witnesses' signatures prove is
  that it was sealed no later than they say.
- Who a subject id is. People are in records under ids; the directory of names is not sealed and can be erased.

WHAT IS IN IT

manifest.json     what was asked, and the SHA-256 of every other file
records/          the records: a line of JSON each; "envelope" and "payload" are the exact texts
ledger/           the files of the ledger that prove them (C2SP tlog-tiles; any client of that format can read them)
checkpoints/      the root log before the range and at the end, and the proof that the second grew out of the first
timestamps/       if it is there: an authority's word (RFC 3161) on when checkpoints/end.note existed
verifier.html     checks this bundle in a browser, offline
`;
}
