import { randomBytes } from "node:crypto";
import { payloadHash, uuidv7 } from "@tripline/events";

/** A record as a producer sends it: one line of `POST /v1/records`. `over` replaces whole parts of its envelope. */
export function recordLine(over: Record<string, unknown> & { tenant: string; producer: string }): {
  line: string;
  id: string;
} {
  const now = Date.now();
  const time = new Date(now).toISOString();
  const { producer, ...parts } = over;
  const id = uuidv7(now, randomBytes(10));
  const payload = JSON.stringify({ salt: randomBytes(16).toString("hex"), args: { path: "/tmp/x" } });
  const envelope = {
    v: 1,
    id,
    type: "call",
    time,
    producer: { id: producer, boot: uuidv7(now, randomBytes(10)), seq: 0 },
    actor: { credential: "local:demo", assurance: "asserted" },
    target: { server: "files", tool: "read_file", transport: "stdio" },
    call: { id: uuidv7(now, randomBytes(10)), method: "tools/call", outcome: "ok" },
    payload_hash: payloadHash(payload),
    ...parts,
  };
  return { line: `{"envelope":${JSON.stringify(envelope)},"payload":${payload}}`, id };
}
