import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/** As ClickHouse 26.7 answers: its code, and what it says. */
const REFUSALS = {
  read_only: [242, "TABLE_IS_READ_ONLY", "Table is in readonly mode"],
  too_many_parts: [
    252,
    "TOO_MANY_PARTS",
    "Too many parts (3000). Merges are processing significantly slower",
  ],
  memory: [241, "MEMORY_LIMIT_EXCEEDED", "(total) memory limit exceeded"],
} as const;

/** open: everything passes. hangs: inserts reach nobody and get no answer. loses_answers: they are done, nobody is told. */
export type DoorMode = "open" | keyof typeof REFUSALS | "hangs" | "loses_answers";

/** A door before ClickHouse's HTTP interface that does to inserts what a server in trouble does; reads pass. */
export interface RefusingStore {
  readonly url: string;
  /** Base URL of what is behind it. */
  target: string;
  mode: DoorMode;
  /** Inserts that came while the mode was not `open`. */
  readonly refused: number;
  /** Inserts that came and have no answer yet. */
  readonly underWay: number;
  close(): Promise<void>;
}

export async function startRefusingStore(port: number): Promise<RefusingStore> {
  let refused = 0;
  let underWay = 0;
  const door = { target: "", mode: "open" as DoorMode };

  const server = createServer((from, to) => {
    pass(from, to).catch((error: unknown) => {
      to.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });

  async function pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const body = await buffer(from);
    const inUrl = new URL(from.url ?? "/", "http://door").searchParams.get("query") ?? "";
    const isInsert = /^\s*insert/i.test(inUrl === "" ? body.subarray(0, 100).toString("utf8") : inUrl);
    if (!isInsert) return await forward(from, body, to);
    const { mode } = door;
    if (mode !== "open") refused += 1;
    if (mode === "hangs") return; // until the client gives up
    if (mode !== "open" && mode !== "loses_answers") {
      const [code, name, words] = REFUSALS[mode];
      to.writeHead(500, { "x-clickhouse-exception-code": String(code) });
      to.end(`Code: ${code}. DB::Exception: ${words}. (${name}) (version 26.7.2.1 (official build))`);
      return;
    }
    underWay += 1;
    try {
      await forward(from, body, mode === "open" ? to : null);
      if (mode === "loses_answers") to.destroy();
    } finally {
      underWay -= 1;
    }
  }

  /** @param to null: the answer is read and thrown away */
  function forward(from: IncomingMessage, body: Buffer, to: ServerResponse | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const onward = request(`${door.target}${from.url ?? "/"}`, {
        method: from.method,
        headers: { ...from.headers, connection: "close" },
      });
      onward.on("error", reject);
      onward.on("response", (answer) => {
        answer.on("error", reject);
        answer.on("end", () => resolve());
        if (to === null) answer.resume();
        else {
          to.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(to);
        }
      });
      onward.end(body);
    });
  }

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    get target() {
      return door.target;
    },
    set target(url) {
      door.target = url;
    },
    get mode() {
      return door.mode;
    },
    set mode(mode) {
      door.mode = mode;
    },
    get refused() {
      return refused;
    },
    get underWay() {
      return underWay;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
