import type { Policy, ResourceReader } from "@tripline/ledger/verify";
import { type AuditEvent, audit } from "../audit.ts";
import { textOf } from "../bytes.ts";
import type { Finding } from "../finding.ts";
import { sha256Hex } from "../hash.ts";
import type { LedgerFiles } from "../ledger-files.ts";
import { RecordList } from "../record-list.ts";
import { LEDGER_FOLDER, MANIFEST_PATH, type Manifest, manifestSchema, RECORDS_FOLDER } from "./manifest.ts";
import { type BundleRecords, takeLines } from "./record-lines.ts";

/** A bundle's files, by path; null for what is not there. */
export interface BundleFiles {
  read(path: string): Promise<Uint8Array | null>;
  /** Every path there is, in any order. */
  list(): Promise<string[]>;
}

export type BundleEvent = AuditEvent | { type: "manifest"; manifest: Manifest };

const MAX_DAMAGES = 1_000; // listed; a bundle of another kind has nothing but damage

/**
 * Verifies an evidence bundle with nothing but itself and a policy. Whatever bytes it holds: it ends with a summary, and what is not
 * as it was sealed is named.
 * @param policy null: the bundle's own keys are believed, which shows only that it agrees with itself
 */
export async function* verifyBundle(
  bundle: BundleFiles,
  policy: Policy | null,
  kept: readonly { name: string; note: Uint8Array }[] = [],
): AsyncGenerator<BundleEvent> {
  const damages: Finding[] = [];
  const damaged = (what: string, files: string[]) => {
    if (damages.length < MAX_DAMAGES)
      damages.push({ kind: "BUNDLE_DAMAGED", log: null, index: null, id: null, time: null, what, files });
  };
  const manifest = readManifest(await bundle.read(MANIFEST_PATH));
  if (typeof manifest === "string") {
    damaged(manifest, [MANIFEST_PATH]);
    yield* failed(damages);
    return;
  }
  yield { type: "manifest", manifest };
  const records: BundleRecords = { list: new RecordList(), listed: [] };
  const named = new Set([MANIFEST_PATH]);
  for (const { path, bytes, sha256 } of manifest.files) {
    named.add(path);
    const file = await bundle.read(path);
    if (file === null) damaged("the manifest names it, and it is not there", [path]);
    else if (file.length !== bytes || sha256Hex(file) !== sha256)
      damaged("it is not the file that the manifest names", [path]);
    if (file === null || !path.startsWith(`${RECORDS_FOLDER}/`)) continue;
    const wrong = takeLines(file, records);
    if (wrong !== null) damaged(`line ${wrong} is no record of a bundle`, [path]);
  }
  for (const path of await bundle.list())
    if (!named.has(path)) damaged("the manifest does not name it", [path]);

  const isRange = manifest.covers === "range";
  const { id: _, ...asked } = manifest.asked;
  const events = audit({
    ledger: ledgerIn(bundle),
    source: records.list,
    policy,
    kept,
    selection: selectionOf(asked),
    hints: manifest.hints,
    ...(isRange ? {} : { listed: records.listed }),
  });
  for (const finding of damages) yield { type: "finding", finding };
  for await (const event of events)
    yield event.type === "summary" ? withDamages(event, damages.length) : event;
}

function selectionOf({ from, to, where }: Manifest["asked"]) {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(where === undefined ? {} : { where }),
  };
}

/** The ledger's files that a bundle holds. */
export function ledgerIn(bundle: Pick<BundleFiles, "read">): LedgerFiles {
  return {
    of: (path): ResourceReader => ({
      read: (file) => bundle.read([LEDGER_FOLDER, path, file].filter((part) => part !== "").join("/")),
    }),
  };
}

/** Or what is wrong with it. */
function readManifest(bytes: Uint8Array | null): Manifest | string {
  if (bytes === null) return "there is none: this is no evidence bundle";
  let said: unknown;
  try {
    said = JSON.parse(textOf(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return "it is not JSON";
  }
  const parsed = manifestSchema.safeParse(said);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `it has another form than this version knows, at "${issue?.path.join(".") ?? ""}"`;
}

function withDamages(event: Extract<AuditEvent, { type: "summary" }>, damages: number): AuditEvent {
  if (damages === 0) return event;
  const findings = { ...event.summary.findings, BUNDLE_DAMAGED: damages };
  return { type: "summary", summary: { ...event.summary, state: "failed", findings } };
}

/** Of what is not even a bundle: the ledger that is not in it is missing, which `audit` says. */
async function* failed(damages: readonly Finding[]): AsyncGenerator<BundleEvent> {
  for (const finding of damages) yield { type: "finding", finding };
  const nothing: LedgerFiles = { of: () => ({ read: async () => null }) };
  for await (const event of audit({ ledger: nothing, source: null, policy: null, selection: {} }))
    if (event.type === "summary") yield withDamages(event, damages.length);
}
