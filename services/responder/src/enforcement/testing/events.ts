import { cloudEventHeaders, type Envelope, encodeRecord, eventKey, uuidv7 } from "@tripline/events";
import type { LogRecord, NewRecord } from "@tripline/stream";

/** For tests: records as interceptors write them, of one boot of one producer. */

let made = 0;

export function anId(timeMs = 1_700_000_000_000): string {
  made += 1;
  const random = Buffer.alloc(10);
  random.writeUInt32BE(made, 6);
  return uuidv7(timeMs, random);
}

export interface Caller {
  tenant?: string;
  credential?: string;
  agent?: string;
  session?: string;
  server?: string;
  tool?: string;
}

export class FakeInterceptor {
  readonly producer: string;
  readonly tenant: string;
  readonly boot = anId();
  readonly enforcement: "enforced" | "advisory" | undefined;
  #seq = 0;

  constructor(producer: string, options: { tenant?: string; enforcement?: "enforced" | "advisory" } = {}) {
    this.producer = producer;
    this.tenant = options.tenant ?? "acme";
    this.enforcement = options.enforcement;
  }

  get name(): string {
    return `${this.producer}/${this.boot}`;
  }

  heartbeat(more: Partial<NonNullable<Envelope["heartbeat"]>> = {}): NewRecord {
    const at = new Date().toISOString();
    return this.#record("heartbeat", {
      heartbeat: {
        ...{ from: at, to: at, from_seq: 0, to_seq: this.#seq, dropped: {}, hash: "a".repeat(64) },
        ...{ previous: null, goodbye: false },
        ...more,
      },
    });
  }

  applied(
    entry: { id: string; scope: string; subject: string },
    state: "active" | "reinstated" = "active",
    at = Date.now(),
  ): NewRecord {
    const { id, scope, subject } = entry;
    return this.#record("revocation.applied", {
      applied: { id, scope, subject, state, at: new Date(at).toISOString() },
    });
  }

  intent(callId: string, caller: Caller = {}): NewRecord {
    return this.#call("call.intent", callId, caller);
  }

  call(callId: string, caller: Caller = {}): NewRecord {
    return this.#call("call", callId, caller);
  }

  #call(type: "call" | "call.intent", id: string, caller: Caller): NewRecord {
    const {
      credential = "local:demo",
      agent = "helper",
      session = "s-1",
      server = "mail",
      tool = "send",
    } = caller;
    return this.#record(type, {
      actor: { credential, agent, assurance: "verified" },
      session: { id: session, source: "mcp" },
      target: { server, tool, transport: "http" },
      call: { id, method: "tools/call", started: new Date().toISOString() },
    });
  }

  #record(type: Envelope["type"], parts: Partial<Envelope>): NewRecord {
    const at = new Date().toISOString();
    const producer = { id: this.producer, boot: this.boot, seq: this.#seq, enforcement: this.enforcement };
    const envelope: Envelope = {
      v: 1,
      id: anId(),
      type,
      time: at,
      received: at,
      tenant: this.tenant,
      producer,
      ...parts,
    };
    this.#seq += 1;
    return {
      key: eventKey(envelope),
      value: Buffer.from(encodeRecord({ envelope })),
      headers: cloudEventHeaders(envelope),
    };
  }
}

/** The record as a reader gets it. */
export function asRead(record: NewRecord, offset = 0, appendTime = Date.now()): LogRecord {
  const { key, value, headers = {} } = record;
  return { topic: "tripline.events", partition: 0, offset, appendTime, key, value, headers };
}
