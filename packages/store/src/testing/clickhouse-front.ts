import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { Engine } from "../connection/embedded/engine.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { Turns } from "../connection/turns.ts";

/**
 * For tests of the HTTP connection: the embedded engine behind as much of ClickHouse's HTTP interface as
 * @clickhouse/client uses here: statement in the body, or in `query` with rows in the body; `param_*`; error codes.
 * Each request has a connection of its own, as each has a session of its own on a server.
 */
export async function startClickHouseFront(
  dataDir: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const engine = await Engine.open(dataDir, DEFAULT_MEMORY);
  // Bound queries clobber each other's parameters when they run at once in one process.
  const turns = new Turns(["turn"]);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://front");
    const body = await buffer(request);
    const inUrl = url.searchParams.get("query");
    const statement = inUrl === null ? body.toString("utf8") : `${inUrl}\n${body.toString("utf8")}`;
    const params = Object.fromEntries(
      [...url.searchParams].flatMap(([key, value]) =>
        key.startsWith("param_") ? [[key.slice(6), unescapeTab(value)]] : [],
      ),
    );
    const isBound = Object.keys(params).length > 0;
    const turn = isBound ? await turns.take(undefined) : null;
    const connection = engine.connect();
    try {
      const result = await connection.query({
        query: statement,
        ...(isBound ? { query_params: params } : {}),
      });
      response.writeHead(200, { "content-type": "text/plain; charset=UTF-8", "x-clickhouse-summary": "{}" });
      response.end(await buffer(result.stream));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof Error && "code" in error ? String(error.code) : "1";
      const type = error instanceof Error && "type" in error ? String(error.type) : "UNKNOWN";
      response.writeHead(500, { "x-clickhouse-exception-code": code });
      response.end(`Code: ${code}. DB::Exception: ${message} (${type}) (version 26.7.2.1)`);
    } finally {
      await connection.close();
      if (turn !== null) turns.give(turn);
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the front has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await engine.close();
    },
  };
}

/** Over HTTP a parameter comes escaped as in TSV. */
function unescapeTab(value: string): string {
  const named: Record<string, string> = { t: "\t", n: "\n", r: "\r", "0": "\0", b: "\b", f: "\f" };
  return value.replace(/\\(.)/gs, (_all, char: string) => named[char] ?? char);
}
