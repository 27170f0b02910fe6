import { randomBytes } from "node:crypto";
import { payloadHash, uuidv7 } from "@tripline/events";

const BOOT = uuidv7(1_760_000_000_000, Buffer.alloc(10, 7));

export interface SampleOptions {
  seq?: number;
  tenant?: string;
  producer?: string;
  type?: string;
  actor?: Record<string, unknown>;
  /** further parts of the envelope */
  part?: Record<string, unknown>;
  /** characters of the result's text */
  resultChars?: number;
}

/** A call as an interceptor sends it, as one line without its newline. */
export function sampleLine(options: SampleOptions = {}): string {
  const payload = {
    salt: "0123456789abcdef0123456789abcdef",
    args: { path: "/srv/data/report.txt" },
    args_digest: "0123456789abcdef",
    result: "x".repeat(options.resultChars ?? 200),
  };
  return JSON.stringify({ envelope: sampleEnvelope(options, payload), payload });
}

export function sampleEnvelope(options: SampleOptions, payload?: unknown): Record<string, unknown> {
  const now = Date.now();
  const time = new Date(now).toISOString();
  return {
    v: 1,
    id: uuidv7(now, randomBytes(10)),
    type: options.type ?? "call",
    time,
    tenant: options.tenant ?? "acme",
    producer: { id: options.producer ?? "gw", boot: BOOT, seq: options.seq ?? 0 },
    actor: options.actor ?? {
      principal: "sub_0123456789abcdef0123456789abcdef",
      agent: "release-bot",
      client: "claude-code",
      credential: "local:demo",
      assurance: "asserted",
    },
    session: { id: "0192aaaa-0000-7000-8000-000000000001", source: "mcp" },
    target: { server: "filesystem", tool: "read_file", definition: "a".repeat(64), transport: "stdio" },
    call: {
      id: uuidv7(now, randomBytes(10)),
      method: "tools/call",
      started: time,
      duration_ms: 12.4,
      outcome: "ok",
      args_bytes: 31,
      result_bytes: options.resultChars ?? 200,
      result_items: 1,
    },
    ...options.part,
    ...(payload === undefined ? {} : { payload_hash: payloadHash(JSON.stringify(payload)) }),
  };
}
