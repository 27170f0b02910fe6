import { ROOT_PATH } from "../catalog/index.ts";
import { LedgerError } from "../errors.ts";
import { type JudgedCheckpoint, judgeCheckpoint, type Policy, type PolicyLog } from "../policy/index.ts";
import { CHECKPOINT_PATH, type ResourceReader } from "../tiles/index.ts";
import { sameBytes } from "../tree/index.ts";
import { faultOf, type LedgerFault } from "./fault.ts";
import { LogView } from "./log-view.ts";

/** Beside a root log's `checkpoint`: the newest one that had its witnesses' quorum. */
export const WITNESSED_PATH = "witnessed";

/** A root checkpoint that is believed, with its note. */
export interface RootHead extends JudgedCheckpoint {
  note: Uint8Array;
}

export interface OpenedRoot {
  /** The newest tree that the log signed. */
  view: LogView<RootHead>;
  /** The newest one that has the policy's quorum; null when none has. */
  anchored: RootHead | null;
}

export interface OpenRootOptions {
  /** Of the root log's own directory. */
  storage: ResourceReader;
  policy: Policy;
  /** Stand in for the policy's where it names none. */
  logs?: readonly PolicyLog[];
  /** Checkpoints that were kept from before, from wherever: the log must have grown out of each. */
  kept?: readonly { name: string; note: Uint8Array }[];
}

/**
 * The root log under a policy. Rolled back, forked and damaged ones come out as faults; `root` is null where nothing is left to
 * verify by. @throws what the storage throws
 */
export async function openRoot(
  options: OpenRootOptions,
): Promise<{ root: OpenedRoot | null; faults: LedgerFault[] }> {
  const { storage, policy, logs = policy.logs } = options;
  const faults: LedgerFault[] = [];
  const add = (kind: LedgerFault["kind"], what: string, files: string[] = []) =>
    faults.push({ kind, log: ROOT_PATH, what, files });
  const judge = (note: Uint8Array): RootHead => ({ ...judgeCheckpoint(note, policy, logs), note });

  let view: LogView<RootHead>;
  let witnessed: RootHead | null = null;
  try {
    // Read first: a log that grows meanwhile can only be ahead of it.
    const note = await storage.read(WITNESSED_PATH);
    if (note !== null) witnessed = judge(note);
  } catch (error) {
    const fault = faultOf(error, ROOT_PATH);
    if (fault === null) throw error;
    faults.push({ ...fault, files: [WITNESSED_PATH] });
  }
  try {
    view = await LogView.open(storage, judge);
    if (witnessed !== null && witnessed.size > view.head.size) {
      add(
        "ROLLED_BACK",
        `${CHECKPOINT_PATH} has ${view.head.size} leaves, and a witnessed one beside it ${witnessed.size}`,
        [CHECKPOINT_PATH],
      );
      view = await LogView.at(storage, witnessed);
    }
  } catch (error) {
    const fault = faultOf(error, ROOT_PATH);
    if (fault === null) throw error;
    return { root: null, faults: [...faults, fault] };
  }
  const { head } = view;
  if (witnessed !== null && witnessed.origin !== head.origin) {
    add("FORKED", `${WITNESSED_PATH} is of another log: ${witnessed.origin}`, [WITNESSED_PATH]);
    witnessed = null;
  }
  if (witnessed !== null && !(await contains(witnessed, "the witnessed checkpoint"))) witnessed = null;
  for (const { name, note } of options.kept ?? []) {
    const known = judge(note);
    if (known.origin !== head.origin)
      throw new LedgerError(
        "TRIPLINE_LEDGER_INVALID",
        `${name} is a checkpoint of ${known.origin}, and this ledger is ${head.origin}`,
      );
    if (known.size > head.size)
      add(
        "ROLLED_BACK",
        `${name} has ${known.size} leaves, and the ledger now shows ${head.size}: what came between was taken away`,
      );
    else await contains(known, name);
  }
  const anchored = [head, witnessed].filter((each) => each?.quorum === true);
  return {
    root: { view, anchored: anchored.find((each) => each !== null) ?? null },
    faults,
  };

  async function contains(known: RootHead, name: string): Promise<boolean> {
    try {
      if (sameBytes(await view.reader.rootAt(known.size), known.root)) return true;
      add(
        "FORKED",
        `${name} (${known.size} leaves) is no earlier state of the ledger that is shown here: two histories were signed`,
      );
    } catch (error) {
      const fault = faultOf(error, ROOT_PATH);
      if (fault === null) throw error;
      faults.push(fault);
    }
    return false;
  }
}
