import { createServer, type Server } from "node:http";

/** For tests: an issuer of API keys that does what it is told to. `PUT /keys/ID {enabled}` and `GET /keys/ID`. */
export class Issuer {
  /** Keys that are refused. */
  readonly disabled = new Set<string>();
  /** `METHOD id` in order. */
  readonly requests: string[] = [];
  /** Says that it did, and does nothing. */
  lies = false;
  /** What it answers to changes instead of doing them. */
  status: number | undefined;
  /** Holds its answers to these back until `release`. */
  holds: "everything" | "changes" | "questions" | "nothing" = "nothing";
  readonly #held: (() => void)[] = [];
  readonly url: string;
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", async () => {
        const id = decodeURIComponent((request.url ?? "").split("/").at(-1) ?? "");
        this.requests.push(`${request.method} ${id}`);
        if (this.#isHeld(request.method)) await new Promise<void>((resolve) => this.#held.push(resolve));
        if (request.method === "GET") {
          response.writeHead(200).end(JSON.stringify({ enabled: !this.disabled.has(id) }));
          return;
        }
        if (this.status !== undefined) {
          response.writeHead(this.status).end();
          return;
        }
        const { enabled } = JSON.parse(body);
        const was = this.disabled.has(id);
        if (!this.lies) {
          if (enabled === true) this.disabled.delete(id);
          else this.disabled.add(id);
        }
        response.writeHead(200).end(JSON.stringify({ was_disabled: was }));
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

  release(): void {
    this.holds = "nothing";
    for (const go of this.#held.splice(0)) go();
  }

  #isHeld(method: string | undefined): boolean {
    if (this.holds === "nothing" || this.holds === "everything") return this.holds === "everything";
    return (method === "GET") === (this.holds === "questions");
  }

  changes(): string[] {
    return this.requests.filter((request) => request.startsWith("PUT"));
  }

  /** Its settings as a revoker. */
  yaml(name: string): string {
    return `  - name: ${name}
    type: http
    credentials: ["key:${name}/*"]
    revoke:
      method: PUT
      url: ${this.url}/keys/{id}
      json: {enabled: false}
      done: {status: [200], json: {path: was_disabled, equals: false}}
      already: {status: [200], json: {path: was_disabled, equals: true}}
    probe:
      method: GET
      url: ${this.url}/keys/{id}
      refused: {status: [200], json: {path: enabled, equals: false}}
      accepted: {status: [200], json: {path: enabled, equals: true}}
    reinstate:
      method: PUT
      url: ${this.url}/keys/{id}
      json: {enabled: true}
      done: {status: [200]}
`;
  }
}
