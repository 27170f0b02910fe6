import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
import { Engine } from "../connection/embedded/engine.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { Turns } from "../connection/turns.ts";
import { EXCEPTIONS, type FrontFault, FrontFaults } from "./front-faults.ts";

const VERSION = "26.7.2.1 (official build)";
/** Not ClickHouse's: where a test in another process puts faults (PUT) and asks what was run (GET). */
const CONTROL_PATH = "/front";

export interface Front {
  url: string;
  faults: FrontFaults;
  close(): Promise<void>;
}

/**
 * For tests of the HTTP connection: the embedded engine behind as much of ClickHouse's HTTP interface as
 * @clickhouse/client uses here: statement in the body, or in `query` with rows in the body; `param_*`; the user's
 * password; error codes and headers. Each request has a connection of its own, as each has a session on a server.
 */
export async function startClickHouseFront(
  dataDir: string,
  options: { port?: number; password?: string } = {},
): Promise<Front> {
  const engine = await Engine.open(dataDir, DEFAULT_MEMORY);
  // Bound queries clobber each other's parameters when they run at once in one process.
  const turns = new Turns(["turn"]);
  const faults = new FrontFaults();
  /** The statements that the engine was given, without their rows. */
  const run: string[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://front");
    if (url.pathname === CONTROL_PATH) return control(request, response);
    const inUrl = url.searchParams.get("query");
    const early = inUrl === null ? null : faults.take(inUrl);
    if (early?.kind === "cut_request") return cut(request, early.after ?? 0);
    const body = await buffer(request);
    const head = inUrl ?? body.toString("utf8");
    const fault = early ?? (inUrl === null ? faults.take(head) : null);
    if (!isAllowed(request, options.password)) return refuse(response, 516);
    if (fault?.kind === "exception") return refuse(response, fault.code ?? 0);
    const params = Object.fromEntries(
      [...url.searchParams].flatMap(([key, value]) =>
        key.startsWith("param_") ? [[key.slice(6), unescapeTab(value)]] : [],
      ),
    );
    run.push(head);
    dieLater(fault);
    try {
      const result = await runStatement(inUrl === null ? head : `${head}\n${body.toString("utf8")}`, params);
      if (fault?.kind === "cut_answer") request.socket.destroy();
      if (fault !== null) return;
      response.writeHead(200, headers());
      response.end(result);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof Error && "code" in error ? Number(error.code) : 1;
      const type = error instanceof Error && "type" in error ? String(error.type) : "UNKNOWN";
      sendException(response, { code, type, message, status: EXCEPTIONS[code]?.status ?? 500 });
    }
  }

  async function runStatement(query: string, params: Record<string, string>): Promise<Buffer> {
    const isBound = Object.keys(params).length > 0;
    const turn = isBound ? await turns.take(undefined) : null;
    const connection = engine.connect();
    try {
      const result = await connection.query({ query, ...(isBound ? { query_params: params } : {}) });
      return await buffer(result.stream);
    } finally {
      await connection.close();
      if (turn !== null) turns.give(turn);
    }
  }

  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "PUT") {
      const told: unknown = await json(request);
      if (!isFaults(told)) throw new Error("the front was told no list of faults");
      faults.replace(told);
    }
    response.end(JSON.stringify(run));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    faults,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await engine.close();
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the front has no port");
  return address.port;
}

function isFaults(value: unknown): value is FrontFault[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "object" && entry !== null);
}

/** Cuts the connection when this much of the body has come; the rest was never sent, as far as anyone knows. */
async function cut(request: IncomingMessage, after: number): Promise<void> {
  let seen = 0;
  for await (const chunk of request) {
    seen += chunk.length;
    if (seen >= after) break;
  }
  request.socket.destroy();
}

function dieLater(fault: FrontFault | null): void {
  if (fault?.kind === "die") setTimeout(() => process.kill(process.pid, "SIGKILL"), fault.after ?? 0);
}

function isAllowed(request: IncomingMessage, password: string | undefined): boolean {
  if (password === undefined) return true;
  const wanted = `Basic ${Buffer.from(`default:${password}`).toString("base64")}`;
  return request.headers.authorization === wanted;
}

function headers(): Record<string, string> {
  return {
    "content-type": "text/plain; charset=UTF-8",
    "x-clickhouse-server-display-name": "front",
    "x-clickhouse-timezone": "UTC",
    "x-clickhouse-summary": "{}",
  };
}

function refuse(response: ServerResponse, code: number): void {
  const exception = EXCEPTIONS[code];
  if (exception === undefined) throw new Error(`the front has no words for the error ${code}`);
  sendException(response, { code, ...exception });
}

function sendException(
  response: ServerResponse,
  { code, type, status, message }: { code: number; type: string; status: number; message: string },
): void {
  response.writeHead(status, { ...headers(), "x-clickhouse-exception-code": String(code) });
  response.end(`Code: ${code}. DB::Exception: ${message}. (${type}) (version ${VERSION})\n`);
}

/** Over HTTP a parameter comes escaped as in TSV. */
function unescapeTab(value: string): string {
  const named: Record<string, string> = { t: "\t", n: "\n", r: "\r", "0": "\0", b: "\b", f: "\f" };
  return value.replace(/\\(.)/gs, (_all, char: string) => named[char] ?? char);
}
