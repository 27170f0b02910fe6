/**
 * Simulated interceptors for `refusal.ts`, in a process of their own: so many connections that follow the revocations and
 * do nothing else. Tells, for each revocation, when the first and the last of them had it.
 */
import { type ClientRequest, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const [url = "", key = "", connections = "1000"] = process.argv.slice(2);
const COUNT = Number(connections);
const AT_ONCE = 50; // connections that are being made
const ID = /^data: \{"v":1,"id":"([^"]+)"/m;

export interface Heard {
  id: string;
  first: number;
  last: number;
}

const heard = new Map<string, { first: number; count: number }>();
const requests: ClientRequest[] = [];
let loaded = 0;
for (let n = 0; n < COUNT; n += 1) {
  while (requests.length - loaded >= AT_ONCE) await delay(2);
  requests.push(follow());
}
while (loaded < COUNT) await delay(5);
process.send?.({ ready: COUNT });
process.on("message", () => {
  for (const request of requests) request.destroy();
  process.exit(0);
});

function follow(): ClientRequest {
  let isLoaded = false;
  let text = "";
  return get(
    new URL("/v1/revocations", url),
    { agent: false, headers: { authorization: `Bearer ${key}` } },
    (answer) => {
      if (answer.statusCode !== 200) throw new Error(`the collector answered ${answer.statusCode}`);
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const frame = text.slice(0, end);
          text = text.slice(end + 2);
          if (isLoaded) note(frame);
          else if (frame.startsWith("event: loaded")) {
            isLoaded = true;
            loaded += 1;
          }
        }
      });
      answer.on("error", () => process.exit(1));
    },
  );
}

function note(frame: string): void {
  const id = ID.exec(frame)?.[1];
  if (id === undefined) return; // a comment
  const known = heard.get(id) ?? { first: Date.now(), count: 0 };
  known.count += 1;
  heard.set(id, known);
  if (known.count === COUNT) process.send?.({ id, first: known.first, last: Date.now() } satisfies Heard);
}
