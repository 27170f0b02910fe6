import { type KeyedHasher, keyedHasher } from "@tripline/events";
import type {
  CallEnd,
  Caller,
  CallStart,
  Decided,
  Interceptor,
  ListedTools,
  OpenCall,
  Refusal,
  Session,
} from "../../interceptor.ts";
import type { AccessCheck } from "../options.ts";

export const TEST_KEY = { id: "test", key: "5c".repeat(32) };

/** For tests of the proxy: remembers what it was told, and refuses what the test says. */
export interface RecordedCall {
  start: CallStart;
  end: CallEnd | undefined;
  denied: Refusal | undefined;
}

export class RecordingInterceptor implements Interceptor {
  readonly calls: RecordedCall[] = [];
  readonly listings: ListedTools[] = [];
  deny: (start: CallStart) => Refusal | null = () => null;
  /** What calls wait for that can; null: none waits. */
  hold: (start: CallStart) => Promise<Decided> | null = () => null;

  begin(start: CallStart): ReturnType<Interceptor["begin"]> {
    const refusal = this.deny(start);
    const call: RecordedCall = { start, end: undefined, denied: refusal ?? undefined };
    this.calls.push(call);
    if (refusal !== null) return { kind: "deny", refusal };
    const id = `call-${this.calls.length}`;
    const open: OpenCall = {
      id,
      end: (end) => {
        call.end ??= end;
      },
    };
    const waiting = start.canWait === true ? this.hold(start) : null;
    if (waiting === null) return { kind: "allow", call: open };
    const decided = waiting.then((found) => {
      if (found.kind === "deny") call.denied = found.refusal;
      return found;
    });
    return { kind: "hold", call: open, decided };
  }

  listed(listing: ListedTools): void {
    this.listings.push(listing);
  }

  mayRefuse(): boolean {
    return true;
  }

  keyedHasher(): KeyedHasher {
    return keyedHasher(TEST_KEY);
  }

  usePolicy(): void {
    // it has none
  }

  stats(): ReturnType<Interceptor["stats"]> {
    return {
      boot: "",
      records: this.calls.length,
      denied: 0,
      held: 0,
      unanswered: 0,
      dropped: {},
      refused: 0,
      lateIntents: 0,
      spoolBytes: 0,
      denyList: "none",
    };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** The outcomes of all calls so far, in the order they began. */
  get outcomes(): string[] {
    return this.calls.map(({ end, denied }) => (denied === undefined ? (end?.outcome ?? "open") : "denied"));
  }
}

/** A deny list for whole requests that a test fills. */
export class SwitchableAccess implements AccessCheck {
  readonly #revoked = new Map<string, Refusal>();
  readonly #listeners = new Set<() => void>();

  revoke(credential: string, reason = "seen where it must not be"): void {
    this.#revoked.set(credential, { revocationId: `r-${credential}`, scope: "credential", reason });
    for (const listener of this.#listeners) listener();
  }

  refusal({ caller }: { caller: Caller; session: Session; server: string }): Refusal | null {
    return this.#revoked.get(caller.credential ?? "") ?? null;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
