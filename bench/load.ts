import { randomBytes } from "node:crypto";
import { payloadHash, uuidv7 } from "@tripline/events";

/**
 * Records of about 1 KB for load: distinct payloads made once, envelopes assembled as text, so that making a record
 * costs the generator about 2 µs.
 */

const PAYLOADS = 2_000;
const WORDS =
  "quarterly report revenue invoice meeting draft agenda customer order shipment refund ticket branch commit review deploy staging budget travel hotel flight".split(
    " ",
  );
const TOOLS = [
  "read_file",
  "list_directory",
  "search_files",
  "get_file_info",
  "query_orders",
  "get_ticket",
  "list_branches",
];

export interface LoadOptions {
  tenant: string;
  producer: string;
  credentials: number;
  sessionsPerCredential: number;
}

export interface Load {
  /** The next `count` records as NDJSON. */
  batch(count: number): { body: string; lastId: string };
  readonly made: number;
}

export function createLoad(options: LoadOptions): Load {
  const boot = uuidv7(Date.now(), randomBytes(10));
  const payloads = Array.from({ length: PAYLOADS }, (_, n) => makePayload(n));
  const random = randomBytes(10);
  let seq = 0;

  function record(): { line: string; id: string } {
    const n = seq++;
    random.writeUInt32BE(n, 4);
    const now = Date.now();
    const id = uuidv7(now, random);
    const time = new Date(now).toISOString();
    const credential = n % options.credentials;
    const session = `s-${credential}-${Math.floor(n / options.credentials) % options.sessionsPerCredential}`;
    const payload = payloads[n % PAYLOADS] ?? payloads[0];
    const line =
      `{"envelope":{"v":1,"id":"${id}","type":"call","time":"${time}","tenant":"${options.tenant}",` +
      `"producer":{"id":"${options.producer}","boot":"${boot}","seq":${n}},` +
      `"actor":{"agent":"bench","credential":"local:load-${credential}","assurance":"asserted"},` +
      `"session":{"id":"${session}","source":"mcp"},` +
      `"target":{"server":"bench-${credential % 10}","tool":"${TOOLS[n % TOOLS.length]}","transport":"stdio"},` +
      `"call":{"id":"${id}","method":"tools/call","started":"${time}","duration_ms":${(n % 400) / 10},"outcome":"ok",` +
      `"args_bytes":${payload?.argsBytes},"result_bytes":${payload?.resultBytes}},"payload_hash":"${payload?.hash}"},` +
      `"payload":${payload?.text}}`;
    return { line, id };
  }

  return {
    get made() {
      return seq;
    },
    batch(count) {
      let body = "";
      let lastId = "";
      for (let i = 0; i < count; i++) {
        const { line, id } = record();
        body += `${line}\n`;
        lastId = id;
      }
      return { body, lastId };
    },
  };
}

function makePayload(n: number): { text: string; hash: string; argsBytes: number; resultBytes: number } {
  const words = (count: number): string =>
    Array.from({ length: count }, () => WORDS[Math.floor(Math.random() * WORDS.length)]).join(" ");
  const args = { path: `/srv/data/${n % 97}/${words(2).replace(" ", "-")}.txt`, head: n % 200 };
  const result = words(42);
  const text = JSON.stringify({
    salt: randomBytes(16).toString("hex"),
    args,
    args_digest: randomBytes(16).toString("hex"),
    result,
  });
  return {
    text,
    hash: payloadHash(text),
    argsBytes: JSON.stringify(args).length,
    resultBytes: result.length,
  };
}
