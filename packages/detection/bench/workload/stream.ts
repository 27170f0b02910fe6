import type { Envelope, Payload, TriplineRecord } from "@tripline/events";
import type { DetectionInput } from "../../src/index.ts";
import { type BenchTool, TOOLS } from "./tools.ts";

/** What a stream is like. */
export interface StreamShape {
  /** Sessions that are open at once. */
  openSessions: number;
  credentials: number;
  /** Calls of a session, from and to; a session that ends makes room for a new one. */
  sessionCalls: readonly [number, number];
  /** Characters of a result, from and to. */
  resultChars: readonly [number, number];
  recordsPerSecond: number;
}

/** An office in the middle of the day. */
export const OFFICE: StreamShape = {
  openSessions: 2000,
  credentials: 500,
  sessionCalls: [5, 60],
  resultChars: [500, 4000],
  recordsPerSecond: 100,
};

interface Session {
  id: string;
  credential: string;
  principal: string;
  left: number;
}

const START_MS = Date.UTC(2026, 10, 21, 9);
const FAILED_EACH = 23; // one call in so many ends with an error
const PROSE =
  "The quarterly review went well and most of the team will travel to the customer in the second week. Please have " +
  "a look at the attached figures before the meeting, they changed after the audit. If anything is unclear, write to ";

/** Records in order, the same for the same shape: sessions of calls of forty tools, keys and tools by Zipf's law. */
export class RecordStream {
  readonly #shape: StreamShape;
  readonly #random = randomNumbers(20261121);
  readonly #zipfTools = zipf(TOOLS.length);
  readonly #zipfCredentials: (at: number) => number;
  readonly #open: Session[] = [];
  #sessions = 0;
  #calls = 0;
  #records = 0;

  constructor(shape: StreamShape) {
    this.#shape = shape;
    this.#zipfCredentials = zipf(shape.credentials);
    for (let index = 0; index < shape.openSessions; index += 1) this.#open.push(this.#newSession());
  }

  /** The next records, at least so many. */
  next(count: number): DetectionInput[] {
    const inputs: DetectionInput[] = [];
    while (inputs.length < count) this.#call(inputs);
    return inputs;
  }

  #newSession(): Session {
    const [from, to] = this.#shape.sessionCalls;
    const key = this.#zipfCredentials(this.#random());
    this.#sessions += 1;
    return {
      id: `session-${this.#sessions}`,
      credential: `key:acme/agent-${key}`,
      principal: `p-${key % 170}`,
      left: from + Math.floor(this.#random() * (to - from + 1)),
    };
  }

  #call(into: DetectionInput[]): void {
    const at = Math.floor(this.#random() * this.#open.length);
    const session = this.#open[at];
    const tool = TOOLS[this.#zipfTools(this.#random())];
    if (session === undefined || tool === undefined) return;
    this.#calls += 1;
    session.left -= 1;
    if (session.left <= 0) this.#open[at] = this.#newSession();
    const failed = this.#calls % FAILED_EACH === 0;
    const args = { args: tool.args(this.#calls), args_digest: digits(this.#calls, 32) };
    const result = failed ? { error: "upstream said 503" } : { result: this.#result() };
    const outcome = failed ? "tool_error" : "ok";
    if (tool.acts) {
      into.push(this.#record("call.intent", session, tool, {}, args));
      into.push(this.#record("call", session, tool, { outcome, duration_ms: 12.5 }, result));
    } else {
      into.push(this.#record("call", session, tool, { outcome, duration_ms: 3.5 }, { ...args, ...result }));
    }
  }

  #record(
    type: Envelope["type"],
    session: Session,
    { server, tool }: BenchTool,
    ended: Partial<NonNullable<Envelope["call"]>>,
    content: Omit<Payload, "salt">,
  ): DetectionInput {
    this.#records += 1;
    const time = START_MS + Math.floor((this.#records * 1000) / this.#shape.recordsPerSecond);
    const record: TriplineRecord = {
      envelope: {
        v: 1,
        id: `0192${digits(this.#records, 4)}-${digits(this.#records, 4)}-7000-8000-${digits(this.#records, 12)}`,
        type,
        time: new Date(time).toISOString(),
        tenant: "acme",
        producer: { id: "gw-1", boot: "01920000-0000-7000-8000-000000000000", seq: this.#records },
        actor: {
          principal: session.principal,
          agent: "assistant",
          client: "desk/2.1",
          credential: session.credential,
          assurance: "verified",
        },
        session: { id: session.id, source: "mcp" },
        target: { server, tool, transport: "http", environment: "staging" },
        call: { id: `call-${this.#calls}`, method: "tools/call", ...ended },
        payload_hash: digits(this.#records, 64),
      },
      payload: { salt: digits(7, 32), ...content },
    };
    return { record, appendTime: time + 2 };
  }

  #result(): string {
    const [from, to] = this.#shape.resultChars;
    const length = from + Math.floor(this.#random() * (to - from));
    const n = this.#calls;
    if (n % 3 === 0) {
      const text = `${PROSE}ana${n}@acme.example. See https://docs.example/page/${n} for order A-${n}77120.\n`;
      return text.repeat(Math.ceil(length / text.length)).slice(0, length);
    }
    const rows: unknown[] = [];
    for (let row = 0; row * 100 < length; row += 1) {
      rows.push({
        id: n * 40 + row,
        sender: `u${row}@acme.example`,
        subject: `Order ${n}`,
        state: "open",
        total: 12.5,
      });
    }
    return JSON.stringify(rows);
  }
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, "0").slice(-length);
}

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Which of `count` things a number from 0 to 1 stands for, the n-th being drawn 1/n as often as the first. */
function zipf(count: number): (at: number) => number {
  const sums: number[] = [];
  for (let index = 0; index < count; index += 1) sums.push((sums[index - 1] ?? 0) + 1 / (index + 1));
  const whole = sums.at(-1) ?? 1;
  return (at) => {
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) < at * whole) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
