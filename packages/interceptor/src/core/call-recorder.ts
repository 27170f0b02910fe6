import {
  type Captured,
  type CaptureLevel,
  capturePayload,
  type Envelope,
  keyedHash,
  type RecordIds,
  type RedactionKey,
  type Whole,
} from "@tripline/events";
import type { CallEnd, CallStart, OpenCall, Session, Target } from "../interceptor.ts";
import type { KnownActor } from "./actor.ts";
import type { CurrentRedactor } from "./current-redactor.ts";
import { isoTime } from "./iso-time.ts";
import { printableName } from "./printable.ts";
import type { RecordWriter, Written } from "./record-writer.ts";

/** What is known of a call once it was looked at, before it is forwarded. */
export interface SeenCall {
  start: CallStart;
  actor: KnownActor;
  session: Session;
  target: Target;
  policy: Envelope["policy"];
  capture: CaptureLevel;
  startedMs: number;
}

export interface CallRecorderOptions {
  writer: RecordWriter;
  redactor: CurrentRedactor;
  ids: RecordIds;
  now: () => number;
  /** ms, with fractions, for durations. */
  monotonic: () => number;
  intentDeadlineMs: () => number;
  /** Runs `work`; a defect in it is counted and warned about, never thrown. */
  guard: (work: () => void) => void;
}

/** The arguments as they were when the call began: a handler may change the object it is given. */
interface Arguments {
  value: unknown;
  text: string | undefined;
  bytes: number;
  /** `value` is the head of the arguments' JSON text. */
  cut: boolean;
}

/** The end of a call that was refused after it had begun. */
interface Denied {
  outcome: "denied";
}
const DENIED: Denied = { outcome: "denied" };

/** A call whose intent is on file, and which may still be refused. */
export interface RefusableCall extends OpenCall {
  /** Ends it as denied, by the policy that `SeenCall` then has. */
  refuse(): void;
}

/** Larger texts are cut to KEPT_CHARS before they are looked at: the payload keeps less, and redaction costs 6 ms/MB. */
const MAX_CHARS = 256 * 1024;
const KEPT_CHARS = 160 * 1024;

type AnswerEnd = Extract<CallEnd, { text: string }>;

const UNREADABLE = "⟨unreadable⟩"; // cycles, BigInts, getters that throw: no JSON from a wire has them

/** Makes the records of calls: the intent, the call, the refusal. */
export class CallRecorder {
  readonly #options: CallRecorderOptions;

  constructor(options: CallRecorderOptions) {
    this.#options = options;
  }

  /** A call that was refused: one record, with its arguments. */
  denied(seen: SeenCall): void {
    const args = readArguments(seen.start);
    const captured = this.#captureArgs(seen, args);
    this.#options.writer.write(
      seen.startedMs,
      {
        type: "call",
        ...who(seen),
        call: {
          id: this.#options.ids.uuid(seen.startedMs),
          method: seen.start.method,
          started: isoTime(seen.startedMs),
          duration_ms: 0,
          outcome: "denied",
          args_bytes: args.bytes,
          truncated: captured.truncated || args.cut || undefined,
        },
        policy: seen.policy,
      },
      captured,
    );
  }

  /** Writes the intent where one is asked for and gives back the open call. */
  open(seen: SeenCall, withIntent: boolean): { call: RefusableCall; intent: Written | null } {
    const id = this.#options.ids.uuid(seen.startedMs);
    const args = readArguments(seen.start);
    const intent = withIntent ? this.#writeIntent(id, seen, args) : null;
    return { call: this.#opened(id, seen, withIntent ? { ...args, text: undefined } : args), intent };
  }

  #writeIntent(id: string, seen: SeenCall, args: Arguments): Written {
    const { intentDeadlineMs, writer } = this.#options;
    const captured = this.#captureArgs(seen, args);
    return writer.writeNow(
      seen.startedMs,
      {
        type: "call.intent",
        ...who(seen),
        call: {
          id,
          method: seen.start.method,
          started: isoTime(seen.startedMs),
          deadline: new Date(seen.startedMs + intentDeadlineMs()).toISOString(),
          args_bytes: args.bytes,
          truncated: captured.truncated || args.cut || undefined,
        },
        policy: seen.policy,
      },
      captured,
    );
  }

  /** @param args with their text, if the call's record has to carry them because no intent did */
  #opened(id: string, seen: SeenCall, args: Arguments): RefusableCall {
    const { guard, monotonic } = this.#options;
    const { signal } = seen.start;
    const began = monotonic();
    let ended = false;
    const end = (how: CallEnd | Denied): void => {
      if (ended) return;
      ended = true;
      signal?.removeEventListener("abort", aborted);
      guard(() => this.#writeCall(id, seen, args, how, monotonic() - began));
    };
    const aborted = (): void => end({ outcome: "cancelled", message: "the caller gave up" });
    signal?.addEventListener("abort", aborted, { once: true });
    return { id, end, refuse: () => end(DENIED) };
  }

  #writeCall(id: string, seen: SeenCall, args: Arguments, end: CallEnd | Denied, durationMs: number): void {
    const { ids, now, redactor, writer } = this.#options;
    const answered = "text" in end;
    const current = redactor.redactor();
    const whole = answered ? wholeOf(end, current.key) : undefined;
    const captured = capturePayload(current, {
      salt: ids.salt(),
      level: seen.capture,
      args: args.text === undefined ? undefined : JSON.parse(args.text),
      result: answered ? (whole === undefined ? end.text : end.text.slice(0, KEPT_CHARS)) : undefined,
      resultWhole: whole,
      error: answered || end.outcome === "denied" ? undefined : end.message,
      names: seen.actor.names,
    });
    writer.write(
      now(),
      {
        type: "call",
        ...who(seen),
        call: {
          id,
          method: seen.start.method,
          started: isoTime(seen.startedMs),
          duration_ms: Math.max(0, Math.round(durationMs * 1000) / 1000),
          outcome: end.outcome,
          error_code: end.outcome === "protocol_error" ? printableName(end.errorCode) : undefined,
          args_bytes: args.bytes,
          result_bytes: answered ? end.bytes : undefined,
          result_items: answered ? end.items : undefined,
          truncated:
            captured.truncated || whole !== undefined || (args.text !== undefined && args.cut) || undefined,
        },
        policy: seen.policy,
        usage: answered ? end.usage : undefined,
      },
      captured,
    );
  }

  #captureArgs(seen: SeenCall, args: Arguments): Captured {
    return capturePayload(this.#options.redactor.redactor(), {
      salt: this.#options.ids.salt(),
      level: seen.capture,
      args: args.value,
      names: seen.actor.names,
    });
  }
}

function who({ actor, session, target }: SeenCall) {
  return { actor: actor.actor, session, target };
}

/** Of a result that is not looked at whole: its size and digest. */
function wholeOf(end: AnswerEnd, key: RedactionKey): Whole | undefined {
  if (end.wholeDigest !== undefined) return { bytes: end.bytes, digest: end.wholeDigest };
  if (end.text.length <= MAX_CHARS) return undefined;
  return { bytes: end.bytes, digest: keyedHash(key, end.text, 32) };
}

function readArguments({ args, argsBytes }: CallStart): Arguments {
  if (args === undefined) return { value: undefined, text: undefined, bytes: argsBytes ?? 0, cut: false };
  try {
    const text = JSON.stringify(args) ?? "null";
    const bytes = argsBytes ?? Buffer.byteLength(text);
    if (text.length <= MAX_CHARS) return { value: args, text, bytes, cut: false };
    const head = text.slice(0, KEPT_CHARS);
    return { value: head, text: JSON.stringify(head), bytes, cut: true };
  } catch {
    return { value: UNREADABLE, text: JSON.stringify(UNREADABLE), bytes: argsBytes ?? 0, cut: true };
  }
}
