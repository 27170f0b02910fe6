import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import {
  capturePayload,
  type KeyedHasher,
  keyedHasher,
  type RandomSource,
  RecordIds,
  SEVERITIES,
  type SignedVerdict,
} from "@tripline/events";
import { ActorMemory } from "./core/actor.ts";
import { CallRecorder, type RefusableCall, type SeenCall } from "./core/call-recorder.ts";
import { CurrentRedactor, type RedactionKeySource } from "./core/current-redactor.ts";
import { printableName } from "./core/printable.ts";
import { RecordWriter } from "./core/record-writer.ts";
import {
  NO_DENY_LIST,
  NOT_JUDGED,
  NOT_RECORDABLE,
  refusalOf,
  refusalOfFinding,
  UNJUDGED,
} from "./core/refusals.ts";
import { Sessions } from "./core/sessions.ts";
import { recordedTarget } from "./core/target.ts";
import { ToolMemory } from "./core/tool-memory.ts";
import { VerdictDesk } from "./core/verdict-desk.ts";
import { limitWarnings, type OnWarning, warnProcess } from "./core/warnings.ts";
import type { AppliedEntry, DenyList } from "./deny-list/deny-list.ts";
import type { EntryVerifier } from "./deny-list/entry-verifier.ts";
import type {
  CallStart,
  Decided,
  Interceptor,
  InterceptorStats,
  ListedTools,
  OpenCall,
  Refusal,
  Verdict,
} from "./interceptor.ts";
import {
  type HoldPolicy,
  type InterceptorPolicyInput,
  interceptorPolicySchema,
  PolicyTable,
} from "./policy.ts";
import type { RecordSender } from "./senders/record-sender.ts";
import {
  adoptLeftovers,
  leaveBootDirectory,
  makeBootDirectory,
  producerDirectory,
} from "./spool/boot-directories.ts";
import { Delivery } from "./spool/delivery.ts";
import { RefusedFile } from "./spool/refused-file.ts";
import type { SegmentQueue } from "./spool/segment-queue.ts";
import { DEFAULT_SPOOL_BYTES, Spool, type SpoolBudget } from "./spool/spool.ts";

const HEARTBEAT_MS = 10_000; // design: a silent producer is noticed within two of them
const CLOSE_TIMEOUT_MS = 5_000;
const MAX_LISTED = 1000; // tools a record lists

/** `policy.rule` of calls that were allowed without a list that is up to date. */
export const DENY_LIST_EMPTY = "deny_list_empty";
export const DENY_LIST_STALE = "deny_list_stale";

export interface InterceptorOptions {
  tenant: string;
  producer: { id: string; enforcement?: "enforced" | "advisory" | undefined };
  /** Holds `spool/`. Shared by all producers and processes of this user on this machine. */
  stateDir: string;
  sender: RecordSender;
  redactionKeys: RedactionKeySource;
  /** Without one nothing is ever refused, and records say nothing of a policy. */
  denyList?: DenyList | undefined;
  /** Pins the detector's keys. Without one no call waits: what the policy says of unanswered calls holds at once. */
  verdicts?: Pick<EntryVerifier, "verifyVerdict" | "hasKeys"> | undefined;
  policy?: InterceptorPolicyInput | undefined;
  /** Default 256 MiB. */
  maxSpoolBytes?: number | undefined;
  heartbeatMs?: number | undefined;
  /** ms since the epoch; default: the system's clock. A clock of one's own also measures the durations. */
  now?: (() => number) | undefined;
  random?: RandomSource | undefined;
  /** Default: process warnings. At most one of each code a minute. */
  onWarning?: OnWarning | undefined;
}

/** An interceptor whose policy can change while it runs. */
export interface ConfigurableInterceptor extends Interceptor {
  /** In force from the next call on. @throws ZodError when it is invalid */
  usePolicy(policy: InterceptorPolicyInput): void;
  /** A verdict came from wherever this process hears of them; unverified. Never throws. */
  judged(verdict: unknown): void;
}

/** Builds the core on its parts. Never waits; a spool directory that can't be used is a warning and counted drops. */
export function createInterceptor(options: InterceptorOptions): ConfigurableInterceptor {
  return new SpoolingInterceptor(options);
}

class SpoolingInterceptor implements ConfigurableInterceptor {
  readonly #boot: string;
  readonly #now: () => number;
  readonly #onWarning: OnWarning;
  readonly #denyList: DenyList | undefined;
  #policies: PolicyTable;
  readonly #ids: RecordIds;
  readonly #redactor: CurrentRedactor;
  readonly #actors = new ActorMemory();
  readonly #tools = new ToolMemory();
  readonly #sessions: Sessions;
  readonly #budget: SpoolBudget;
  readonly #spool: Spool;
  readonly #queues: SegmentQueue[];
  readonly #delivery: Delivery;
  readonly #writer: RecordWriter;
  readonly #calls: CallRecorder;
  readonly #desk: VerdictDesk | null;
  readonly #heartbeats: NodeJS.Timeout;
  #held = 0;
  #denied = 0;
  #refused = 0;
  #lateIntents = 0;
  #closing: Promise<void> | null = null;

  constructor(options: InterceptorOptions) {
    const now = options.now ?? Date.now;
    this.#now = now;
    this.#onWarning = limitWarnings(options.onWarning ?? warnProcess, now);
    this.#denyList = options.denyList;
    this.#policies = new PolicyTable(interceptorPolicySchema.parse(options.policy ?? {}));
    this.#ids = new RecordIds(options.random ?? randomFillSync);
    this.#redactor = new CurrentRedactor(options.redactionKeys);
    this.#sessions = new Sessions((timeMs) => this.#ids.uuid(timeMs));
    this.#boot = this.#ids.uuid(now());

    const directory = producerDirectory(join(options.stateDir, "spool"), options.tenant, options.producer.id);
    this.#budget = { used: 0, max: options.maxSpoolBytes ?? DEFAULT_SPOOL_BYTES };
    const freed = (bytes: number): void => {
      this.#budget.used -= bytes;
    };
    const adopted = adoptLeftovers(directory, this.#boot, freed, this.#onWarning);
    for (const queue of adopted) this.#budget.used += queue.bytes;
    this.#spool = new Spool({
      directory: makeBootDirectory(directory, this.#boot, this.#onWarning),
      budget: this.#budget,
      onWarning: this.#onWarning,
      onGrown: () => this.#delivery.grown(),
    });
    this.#queues = [...adopted, this.#spool.queue];
    this.#writer = new RecordWriter({
      boot: this.#boot,
      tenant: options.tenant,
      producer: { id: options.producer.id, enforcement: options.producer.enforcement },
      spool: this.#spool,
      ids: this.#ids,
      startedMs: now(),
    });
    this.#delivery = new Delivery({
      sender: options.sender,
      queues: this.#queues,
      refusedFile: new RefusedFile(directory, this.#onWarning),
      random: Math.random,
      onWarning: this.#onWarning,
      onRefused: (count) => {
        this.#refused += count;
        this.#writer.countDropped("refused", count);
      },
      onLost: () => this.#writer.countDropped("spool_lost"),
      onFinished: (queue) => leaveBootDirectory(queue, this.#boot, this.#onWarning),
    });
    this.#calls = new CallRecorder({
      writer: this.#writer,
      redactor: this.#redactor,
      ids: this.#ids,
      now,
      monotonic: options.now ?? (() => performance.now()),
      intentDeadlineMs: () => this.#policies.policy.intent_deadline_ms,
      guard: (work) => this.#guard(work),
    });
    const { verdicts } = options;
    this.#desk =
      verdicts === undefined
        ? null
        : new VerdictDesk({
            tenant: options.tenant,
            boot: this.#boot,
            hasKeys: () => verdicts.hasKeys,
            verify: (value) => verdicts.verifyVerdict(value),
            monotonic: () => performance.now(),
            onWarning: this.#onWarning,
          });
    this.#denyList?.onApplied((applied) => this.#guard(() => this.#recordApplied(applied)));
    this.#heartbeats = setInterval(
      () => this.#guard(() => this.#writer.heartbeat(now(), false, this.#denyListState())),
      options.heartbeatMs ?? HEARTBEAT_MS,
    );
    this.#heartbeats.unref(); // recording must not keep anybody's process alive
  }

  begin(start: CallStart): Verdict {
    try {
      return this.#begin(start);
    } catch (cause) {
      this.#defect(cause);
      return { kind: "allow", call: UNRECORDED };
    }
  }

  listed(listing: ListedTools): void {
    this.#guard(() => this.#recordListing(listing));
  }

  mayRefuse(): boolean {
    const { fail_closed, hold } = this.#policies.policy;
    return (this.#denyList?.size ?? 0) > 0 || fail_closed.length > 0 || hold.length > 0;
  }

  keyedHasher(): KeyedHasher {
    return keyedHasher(this.#redactor.redactor().key);
  }

  usePolicy(policy: InterceptorPolicyInput): void {
    this.#policies = new PolicyTable(interceptorPolicySchema.parse(policy));
  }

  judged(verdict: unknown): void {
    this.#guard(() => this.#desk?.take(verdict));
  }

  stats(): InterceptorStats {
    return {
      boot: this.#boot,
      records: this.#writer.records,
      denied: this.#denied,
      held: this.#held,
      unanswered: this.#desk?.unanswered ?? 0,
      dropped: { ...this.#writer.dropped },
      refused: this.#refused,
      lateIntents: this.#lateIntents,
      spoolBytes: this.#budget.used,
      denyList: this.#denyList?.status() ?? "none",
    };
  }

  close(timeoutMs = CLOSE_TIMEOUT_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    clearInterval(this.#heartbeats);
    this.#desk?.close();
    await this.#spool.drained();
    this.#guard(() => this.#writer.heartbeat(this.#now(), true, this.#denyListState()));
    this.#spool.close();
    await this.#delivery.close(timeoutMs);
    for (const queue of this.#queues) leaveBootDirectory(queue, this.#boot, this.#onWarning);
  }

  /** What whoever watches over revocations has to know of this process. */
  #denyListState() {
    const list = this.#denyList;
    return list === undefined
      ? { status: "none" as const, entries: 0, rejected: 0 }
      : { status: list.status(), entries: list.size, rejected: list.rejected };
  }

  #begin(start: CallStart): Verdict {
    const startedMs = this.#now();
    const server = printableName(start.target.server) ?? "unnamed";
    const tool = printableName(start.target.tool) ?? "unnamed";
    const path = `${server}/${tool}`;
    const actor = this.#actors.of(start.caller, this.#redactor.keys());
    const session = this.#sessions.of(start.session, actor.actor.credential, startedMs);
    const toolPolicy = this.#policies.of(server, tool, path);
    const known = this.#tools.get(path);
    const seen: SeenCall = {
      start,
      actor,
      session,
      target: recordedTarget(start.target, server, tool, known?.definition),
      policy: this.#denyList === undefined ? undefined : { decision: "allow", rule: undefined },
      capture: toolPolicy.capture,
      startedMs,
    };
    const revoked = this.#revoked(seen);
    if (revoked !== null) return this.#deny(seen, revoked);

    const status = this.#denyList?.status();
    if (status === "empty" || status === "stale") {
      if (status === "empty" && toolPolicy.failClosed) return this.#deny(seen, NO_DENY_LIST);
      seen.policy = { decision: "allow", rule: status === "empty" ? DENY_LIST_EMPTY : DENY_LIST_STALE };
    }
    const onlyReads = known?.readOnly === true && toolPolicy.trusted;
    if (toolPolicy.hold !== null && !onlyReads)
      return this.#hold(seen, toolPolicy.hold, toolPolicy.failClosed);
    const { call, intent } = this.#calls.open(seen, toolPolicy.failClosed || this.#wantsIntent(onlyReads));
    if (intent === null || intent.accepted) return { kind: "allow", call };
    if (toolPolicy.failClosed) return this.#deny(seen, NOT_RECORDABLE);
    this.#lateIntents += 1;
    return { kind: "allow", call };
  }

  /** The call is recorded, and waits for what the rules say of it where somebody can wait and somebody answers. */
  #hold(seen: SeenCall, hold: HoldPolicy, failClosed: boolean): Verdict {
    const desk = this.#desk;
    const waits = desk !== null && seen.start.canWait === true && desk.isWorthWaiting();
    if (!waits) {
      if (hold.unanswered === "refuse") return this.#deny(seen, NOT_JUDGED);
      seen.policy = { ...seen.policy, decision: "allow", rule: UNJUDGED };
    } else seen.policy = { ...seen.policy, decision: "hold" };
    const { call, intent } = this.#calls.open(seen, true);
    seen.policy = { ...seen.policy, decision: "allow" };
    if (intent?.accepted !== true) {
      if (failClosed) return this.#refuseOpen(seen, call, NOT_RECORDABLE);
      this.#lateIntents += 1;
    }
    if (!waits || intent === null) return { kind: "allow", call };
    this.#held += 1;
    this.#delivery.hurry();
    const decided = desk
      .verdictOn(intent, hold.maxMs)
      .then((verdict) => this.#decide(seen, call, hold, verdict));
    return { kind: "hold", call, decided };
  }

  /** What becomes of a call that waited. Its key may have been taken away meanwhile. */
  #decide(seen: SeenCall, call: RefusableCall, hold: HoldPolicy, verdict: SignedVerdict | null): Decided {
    const revoked = this.#revoked(seen);
    if (revoked !== null) return this.#refuseOpen(seen, call, revoked);
    if (verdict === null) {
      if (hold.unanswered === "refuse") return this.#refuseOpen(seen, call, NOT_JUDGED);
      seen.policy = { ...seen.policy, rule: UNJUDGED };
      return { kind: "allow" };
    }
    const isAgainst =
      verdict.verdict === "finding" &&
      SEVERITIES.indexOf(verdict.severity ?? "critical") >= SEVERITIES.indexOf(hold.severity);
    return isAgainst ? this.#refuseOpen(seen, call, refusalOfFinding(verdict)) : { kind: "allow" };
  }

  #refuseOpen(seen: SeenCall, call: RefusableCall, refusal: Refusal): Decided & { kind: "deny" } {
    this.#denied += 1;
    seen.policy = { decision: "deny", rule: refusal.revocationId };
    call.refuse();
    return { kind: "deny", refusal };
  }

  #revoked({ actor, session, target }: SeenCall): Refusal | null {
    const { server = "", tool = "" } = target;
    const entry = this.#denyList?.check({
      credential: actor.actor.credential,
      session: session.id,
      agent: actor.actor.agent,
      principals: actor.principals,
      server,
      tool: `${server}/${tool}`,
    });
    return entry === undefined || entry === null ? null : refusalOf(entry);
  }

  #wantsIntent(onlyReads: boolean): boolean {
    const { intents } = this.#policies.policy;
    return intents === "all" || (intents === "mutating" && !onlyReads);
  }

  #deny(seen: SeenCall, refusal: Refusal): Verdict {
    this.#denied += 1;
    this.#guard(() =>
      this.#calls.denied({ ...seen, policy: { decision: "deny", rule: refusal.revocationId } }),
    );
    return { kind: "deny", refusal };
  }

  #recordListing({ caller, session, target, tools, complete }: ListedTools): void {
    const timeMs = this.#now();
    const server = printableName(target.server) ?? "unnamed";
    const actor = this.#actors.of(caller, this.#redactor.keys());
    const { tools: hashes, unseen } = this.#tools.learn(server, tools);
    const payload =
      unseen.length === 0
        ? undefined
        : capturePayload(this.#redactor.redactor(), {
            salt: this.#ids.salt(),
            level: "full", // definitions are the server's advertising, not what was said
            definitions: unseen,
            names: actor.names,
          });
    this.#writer.write(
      timeMs,
      {
        type: "tools.listed",
        actor: actor.actor,
        session: this.#sessions.of(session, actor.actor.credential, timeMs),
        target: recordedTarget(target, server, undefined, undefined),
        listing: {
          tools: hashes.slice(0, MAX_LISTED),
          complete: complete && hashes.length <= MAX_LISTED,
        },
      },
      payload,
    );
  }

  #recordApplied({ entry, atMs }: AppliedEntry): void {
    this.#writer.write(atMs, {
      type: "revocation.applied",
      applied: {
        id: entry.id,
        scope: entry.scope,
        subject: entry.subject,
        state: entry.state,
        at: new Date(atMs).toISOString(),
      },
    });
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#defect(cause);
    }
  }

  #defect(cause: unknown): void {
    this.#writer.countDropped("internal_error");
    this.#onWarning({
      code: "TRIPLINE_INTERNAL",
      message: "a record could not be made and is counted as dropped; please report this",
      cause,
    });
  }
}

const UNRECORDED: OpenCall = {
  id: "00000000-0000-7000-8000-000000000000",
  end: () => undefined,
};
