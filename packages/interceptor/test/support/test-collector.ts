import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseRecord, type SignedRevocation, type TriplineRecord } from "@tripline/events";

export type Behaviour = "well" | "never_answers" | "garbage" | "unavailable" | "unauthorized";

export const TEST_KEY = "tlp_test";
export const TENANT_KEY = { id: "k1", key: "cd".repeat(32) };

/** The collector's three routes that an interceptor uses, well-behaved or not. */
export class TestCollector {
  readonly records: TriplineRecord[] = [];
  readonly revocationKeys: { id: string; public_key: string }[] = [];
  behaviour: Behaviour = "well";
  /** Answers wait for it, as those of a busy collector. */
  held: Promise<void> = Promise.resolve();
  policy: Record<string, unknown> = {};
  entries: SignedRevocation[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #server: Server;
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  publish(entry: SignedRevocation): void {
    this.entries.push(entry);
    for (const stream of this.#streams) stream.write(event(entry));
  }

  ofType(type: string): TriplineRecord[] {
    return this.records.filter(({ envelope }) => envelope.type === type);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    await this.held;
    if (this.behaviour === "never_answers") return;
    if (this.behaviour === "garbage") {
      response.end("\u0000<html>what?");
      return;
    }
    if (this.behaviour === "unavailable") {
      response.writeHead(503, { "retry-after": "0" }).end();
      return;
    }
    if (this.behaviour === "unauthorized" || request.headers.authorization !== `Bearer ${TEST_KEY}`) {
      response.writeHead(401).end();
      return;
    }
    if (request.url === "/v1/records") this.#take(Buffer.concat(chunks), response);
    else if (request.url?.startsWith("/v1/revocations") === true) this.#stream(response);
    else response.end(JSON.stringify(this.#settings()));
  }

  #take(body: Buffer, response: ServerResponse): void {
    const records = body.toString("utf8").split("\n").slice(0, -1).map(parseRecord);
    this.records.push(...records);
    response.end(JSON.stringify({ accepted: records.length, refused: [] }));
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const entry of this.entries) response.write(event(entry));
    response.write("event: loaded\ndata: {}\n\n");
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  #settings() {
    return {
      tenant: "acme",
      producer: "gw-1",
      credentials: [],
      issuers: ["local"],
      redaction: { current: TENANT_KEY.id, keys: [TENANT_KEY] },
      revocation_keys: this.revocationKeys,
      policy: this.policy,
    };
  }
}

function event(entry: SignedRevocation): string {
  return `event: revocation\ndata: ${JSON.stringify(entry)}\n\n`;
}
