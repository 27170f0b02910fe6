import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createEgress, httpThrough } from "../http/index.ts";
import type { NotifierDeps } from "../notifiers/kind.ts";
import { secretsFrom } from "../secret-place.ts";

export interface RecordedRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}
export interface RecordedAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** For tests: a real HTTP server that keeps what it was sent, and gives the answers that a system's description has. */
export class RecordingServer {
  readonly requests: RecordedRequest[] = [];
  readonly url: string;
  answer: RecordedAnswer = { status: 200 };
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    this.requests.length = 0;
    this.answer = { status: 200 };
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        const { method, url, headers } = request;
        this.requests.push({ method, path: url, headers, body });
        response.writeHead(this.answer.status, this.answer.headers).end(this.answer.body ?? "");
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<unknown>((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  }

  /** The bodies as JSON. */
  bodies(): Record<string, unknown>[] {
    return this.requests.map(({ body }) => Object(JSON.parse(body)));
  }
}

export const TEST_NOW = Date.parse("2026-11-21T09:30:00.500Z");

/** What notifiers get in tests: a world that ends at this machine. */
export function testDeps(
  env: Readonly<Record<string, string>> = {},
  now: () => number = () => TEST_NOW,
): NotifierDeps {
  const egress = createEgress({ allowInternal: ["127.0.0.1", "localhost"] });
  return { http: httpThrough(egress), egress, secret: secretsFrom(env), now };
}

/** All texts in JSON-ready data. */
export function textsIn(data: unknown): string[] {
  if (typeof data === "string") return [data];
  if (typeof data !== "object" || data === null) return [];
  return Object.values(data).flatMap(textsIn);
}

/** What no text that people read may hold, whoever wrote it. */
export const NEVER_SHOWN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]|https:\/\/evil|www\.evil|javascript:alert|a@evil|(?<!\[)@here/;
