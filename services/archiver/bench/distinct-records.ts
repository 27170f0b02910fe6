import { payloadHash, uuidv7 } from "@tripline/events";

/**
 * Records whose size on disk means something: no payload comes twice, ids and hashes are random as real ones are, and
 * tenants, people, servers, tools and words are as unequal as in life (Zipf). Calls read four times in five; a write is
 * an intent with the arguments and, later, a call with the result. Some 1.2 KB each. The same seed gives the same records.
 */

const TENANTS = 20;
const PRINCIPALS = 400; // of each tenant
const SERVERS = 30;
const TOOLS_PER_SERVER = 7;
const WORDS = 4_000;
const WRITES = 0.2; // of the calls
const STEP_MS = 40; // between two calls, on average: 90 days hold 200 million
const SESSION_CALLS = 25; // on average

export interface DistinctRecord {
  tenant: string;
  /** ms since the epoch */
  time: number;
  text: string;
}

export class DistinctRecords {
  readonly #random: () => number;
  readonly #words: string[];
  readonly #open = new Map<number, OpenSession>();
  readonly #later: DistinctRecord[] = [];
  readonly #seqs = new Map<string, number>();
  #now: number;

  constructor(seed: number, startMs: number) {
    this.#random = mulberry32(seed);
    this.#now = startMs;
    this.#words = Array.from({ length: WORDS }, () => this.#syllables());
  }

  /** The next record in the order of their times. */
  next(): DistinctRecord {
    const first = this.#later[0];
    if (first !== undefined && first.time <= this.#now) {
      this.#later.shift();
      return this.#numbered(first);
    }
    return this.#numbered(this.#call());
  }

  #call(): DistinctRecord {
    this.#now += Math.ceil(-Math.log(1 - this.#random()) * STEP_MS);
    const started = this.#now;
    const took = Math.ceil(Math.exp(this.#random() * 7)); // 1 ms to 1.1 s
    const session = this.#session();
    const server = this.#zipf(SERVERS);
    const tool = this.#zipf(TOOLS_PER_SERVER);
    const writes = this.#random() < WRITES;
    const args = writes ? this.#writeArgs() : this.#readArgs();
    const argsText = JSON.stringify(args);
    const result = this.#result();
    const callId = this.#uuid(started);
    const common = {
      actor: {
        principal: session.principal,
        agent: `agent-${server % 5}`,
        client: "desktop/1.4.2",
        credential: session.credential,
        assurance: "verified",
      },
      session: { id: session.id, source: "mcp", trace_id: session.trace },
      target: {
        server: `server-${server}`,
        tool: `${TOOL_NAMES[tool]}_${server}`,
        transport: server % 3 === 0 ? "http" : "stdio",
        environment: "production",
      },
    };
    const ended = this.#record("call", session, started + took, common, {
      call: {
        id: callId,
        method: "tools/call",
        started: iso(started),
        duration_ms: Math.round((took - this.#random()) * 1000) / 1000,
        outcome: this.#random() < 0.03 ? "tool_error" : "ok",
        args_bytes: argsText.length,
        result_bytes: Buffer.byteLength(result),
      },
      payload: writes ? { result } : { args, args_digest: this.#hex(16), result },
    });
    if (!writes) return { ...ended, time: started + took };
    this.#defer(ended);
    return this.#record("call.intent", session, started, common, {
      call: {
        id: callId,
        method: "tools/call",
        started: iso(started),
        deadline: iso(started + 60_000),
        args_bytes: argsText.length,
      },
      payload: { args, args_digest: this.#hex(16) },
    });
  }

  #record(
    type: string,
    session: OpenSession,
    time: number,
    common: object,
    { call, payload }: { call: object; payload: object },
  ): DistinctRecord {
    const payloadText = JSON.stringify({ salt: this.#hex(16), ...payload });
    const envelope = {
      v: 1,
      id: this.#uuid(time),
      type,
      time: iso(time),
      received: iso(time + 2 + Math.floor(this.#random() * 40)),
      tenant: session.tenant,
      producer: { id: session.producer, boot: session.boot, seq: 0, enforcement: "enforced" },
      ...common,
      call,
      payload_hash: payloadHash(payloadText),
    };
    return {
      tenant: session.tenant,
      time,
      text: `{"envelope":${JSON.stringify(envelope)},"payload":${payloadText}}`,
    };
  }

  /** Producers number what they send, in the order they send it. */
  #numbered(record: DistinctRecord): DistinctRecord {
    const producer = /"producer":\{"id":"([^"]+)"/.exec(record.text)?.[1] ?? "";
    const seq = this.#seqs.get(producer) ?? 0;
    this.#seqs.set(producer, seq + 1);
    return { ...record, text: record.text.replace('"seq":0', `"seq":${seq}`) };
  }

  #defer(record: DistinctRecord): void {
    const behind = this.#later.findIndex((other) => other.time > record.time);
    this.#later.splice(behind === -1 ? this.#later.length : behind, 0, record);
  }

  #session(): OpenSession {
    const slot = this.#zipf(TENANTS * 40);
    const known = this.#open.get(slot);
    if (known !== undefined && this.#random() > 1 / SESSION_CALLS) return known;
    const tenantNumber = this.#zipf(TENANTS);
    const person = this.#zipf(PRINCIPALS);
    const tenant = `tenant-${tenantNumber}`;
    const gateway = this.#zipf(4);
    const session = {
      id: this.#uuid(this.#now),
      trace: this.#hex(16),
      tenant,
      principal: `sub_${payloadHash(`${tenant}/${person}`).slice(0, 32)}`,
      credential: `key:${tenant}/${person}`,
      producer: `${tenant}-gateway-${gateway}`,
      boot: uuidv7(START_OF_BOOTS, Buffer.from([tenantNumber, gateway, 0, 0, 0, 0, 0, 0, 0, 0])),
    };
    this.#open.set(slot, session);
    return session;
  }

  #readArgs(): object {
    return this.#random() < 0.5
      ? {
          path: `/srv/${this.#some(2, "/")}/${this.#word()}-${this.#number(9_999)}.md`,
          head: this.#number(200),
        }
      : { query: this.#some(3, " "), customer_id: `C-${this.#number(99_999)}`, limit: 20 };
  }

  #writeArgs(): object {
    return {
      to: `${this.#word()}.${this.#word()}${this.#number(99)}@${this.#word()}.example`,
      subject: this.#some(4, " "),
      body: this.#some(9, " "),
    };
  }

  #result(): string {
    return JSON.stringify({
      id: `ord_${this.#number(99_999_999)}`,
      status: STATUSES[this.#zipf(STATUSES.length)],
      customer: this.#some(2, " "),
      total: this.#number(99_999) / 100,
      updated_at: iso(this.#now - this.#number(8_640_000)),
      note: this.#some(8, " "),
    });
  }

  #word(): string {
    return this.#words[this.#zipf(WORDS)] ?? "";
  }

  #some(count: number, separator: string): string {
    return Array.from({ length: count }, () => this.#word()).join(separator);
  }

  #number(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** 0 is the most frequent; the n-th is chosen about 1/n as often. */
  #zipf(count: number): number {
    return Math.min(count - 1, Math.floor((count + 1) ** this.#random()) - 1);
  }

  #syllables(): string {
    const count = 2 + this.#number(3);
    return Array.from({ length: count }, () => {
      const consonant = CONSONANTS[this.#number(CONSONANTS.length)] ?? "";
      return consonant + (VOWELS[this.#number(VOWELS.length)] ?? "");
    }).join("");
  }

  #uuid(time: number): string {
    return uuidv7(time, Buffer.from(this.#hex(10), "hex"));
  }

  #hex(bytes: number): string {
    let text = "";
    for (let left = bytes; left > 0; left -= 4) {
      text += Math.floor(this.#random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    }
    return text.slice(0, bytes * 2);
  }
}

interface OpenSession {
  id: string;
  trace: string;
  tenant: string;
  principal: string;
  credential: string;
  producer: string;
  boot: string;
}

const TOOL_NAMES = [
  "read_file",
  "search_orders",
  "get_customer",
  "list_tickets",
  "send_mail",
  "update_order",
  "query",
];
const STATUSES = ["shipped", "open", "paid", "cancelled", "returned"];
const CONSONANTS = "bcdfghklmnprstvz";
const VOWELS = "aeiou";
const START_OF_BOOTS = Date.UTC(2026, 0, 1);

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A small generator of even quality, so that a run can be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
