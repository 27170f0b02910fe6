import {
  type Envelope,
  type ErasureCover,
  ErasureIndex,
  type HoldScope,
  type TriplineError,
} from "@tripline/events";
import {
  HttpError,
  looksSecret,
  OneAtATime,
  type RecordProducer,
  type RedactionKeys,
  redactorOf,
} from "@tripline/service";
import type { LeftOver, Store } from "@tripline/store";

export interface ErasureRequestDeps {
  store: Pick<Store, "eraser">;
  recordProducer: Pick<RecordProducer, "write">;
  secrets: RedactionKeys;
  /** ms since the epoch */
  now(): number;
}

/** Who asks, and why. */
export interface Asker {
  /** id of the token */
  by: string;
  tenant: string;
  /** In the person's words. */
  reason: string;
}

export interface Erasure {
  /** Id of the record; null for a dry run. */
  id: string | null;
  covers: ErasureCover;
  /** Legal holds that keep something back. */
  holds: string[];
  left: LeftOver;
}

/** Turns requests into records. What becomes of them is up to the eraser. */
export interface ErasureRequests {
  /** Everything that was recorded of the tenant, what is not archived yet included. */
  index(tenant: string): Promise<ErasureIndex>;
  erase(asker: Asker, covers: ErasureCover, options: { dryRun: boolean }): Promise<Erasure>;
  hold(asker: Asker, scope: HoldScope): Promise<Envelope>;
  release(asker: Asker, hold: string): Promise<Envelope>;
}

const MAX_RECENT = 1_000; // records that the archiver may not have come to yet; 1 KB each
const MAX_REASON_CHARS = 1024;

/** One request at a time, so that an erasure knows of every hold that this console took before it. */
export function createErasureRequests(deps: ErasureRequestDeps): ErasureRequests {
  let recent: Envelope[] = [];
  const turns = new OneAtATime();

  async function index(tenant: string): Promise<ErasureIndex> {
    const known = new ErasureIndex(await deps.store.eraser.records({ tenant }));
    recent = recent.filter(({ id }) => known.record(id) === null);
    for (const envelope of recent) if (envelope.tenant === tenant) known.add(envelope);
    return known;
  }

  async function write(body: Parameters<RecordProducer["write"]>[0]): Promise<Envelope> {
    const envelope = await deps.recordProducer.write(body);
    recent = [...recent.slice(1 - MAX_RECENT), envelope];
    return envelope;
  }

  async function redacted({ tenant, reason }: Asker): Promise<string> {
    const redactor = await redactorOf(deps.secrets, tenant);
    return redactor.redactText(reason).value.slice(0, MAX_REASON_CHARS);
  }

  /** It is compared with what records say, and can't be redacted. */
  async function refuseSecret(tenant: string, subject: string): Promise<void> {
    if (!looksSecret(await redactorOf(deps.secrets, tenant), subject)) return;
    throw new HttpError(
      400,
      "TRIPLINE_REQUEST_INVALID",
      "that looks like a secret, and would be recorded as it is: name the subject by its id",
    );
  }

  return {
    index,
    erase: (asker, covers, { dryRun }) =>
      turns.run(async () => {
        const { tenant, by } = asker;
        const subject = subjectOf(covers);
        if (subject !== null) await refuseSecret(tenant, subject.subject);
        const known = await index(tenant);
        const holds = known.holds(tenant);
        const whole = holds.filter(({ scope }) => holdsAll(scope, subject));
        if (whole.length > 0) throw held(whole.map(({ id }) => id));
        const except = known.heldBack(tenant);
        const erasure = { covers, except, reason: await redacted(asker), by };
        const left = await deps.store.eraser.left(draft(tenant, erasure, deps.now()), []);
        const keeping = left.held > 0 ? holds.map(({ id }) => id) : [];
        if (dryRun) return { id: null, covers, holds: keeping, left };
        const { id } = await write({ type: "erasure", tenant, erasure });
        return { id, covers, holds: keeping, left };
      }),
    hold: (asker, scope) =>
      turns.run(async () => {
        const { tenant, by } = asker;
        if (scope.kind !== "tenant") await refuseSecret(tenant, scope.subject);
        const reason = await redacted(asker);
        return await write({ type: "retention", tenant, retention: { action: "held", scope, reason, by } });
      }),
    release: (asker, hold) =>
      turns.run(async () => {
        const { tenant, by } = asker;
        if (!(await index(tenant)).holds(tenant).some(({ id }) => id === hold)) {
          throw new HttpError(404, "TRIPLINE_NOT_FOUND", "no legal hold in force has this id");
        }
        const reason = await redacted(asker);
        return await write({
          type: "retention",
          tenant,
          retention: { action: "released", hold, reason, by },
        });
      }),
  };
}

type Subject = Exclude<HoldScope, { kind: "tenant" }>;

function subjectOf(covers: ErasureCover): Subject | null {
  if (covers.kind === "principal") return { kind: "principal", subject: covers.principal };
  return covers.kind === "session" ? { kind: "session", subject: covers.session } : null;
}

function holdsAll(scope: HoldScope, subject: Subject | null): boolean {
  if (scope.kind === "tenant") return true;
  return subject !== null && scope.kind === subject.kind && scope.subject === subject.subject;
}

function held(ids: readonly string[]): TriplineError {
  return new HttpError(
    409,
    "TRIPLINE_HELD",
    `it is under a legal hold (${ids.join(", ")}) and stays until that is lifted`,
  );
}

const NO_ID = "00000000-0000-0000-0000-000000000000";

/** The record as it would be, for counting what it covers. */
function draft(tenant: string, erasure: NonNullable<Envelope["erasure"]>, nowMs: number): Envelope {
  return {
    v: 1,
    id: NO_ID,
    type: "erasure",
    time: new Date(nowMs).toISOString(),
    tenant,
    producer: { id: "console", boot: NO_ID, seq: 0 },
    erasure,
  };
}
