import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/**
 * A TCP proxy on 127.0.0.1 that breaks connections on purpose. Kafka's clients connect to the address a broker advertises:
 * point `advertised.listeners` at the proxy.
 */
export interface TcpProxy {
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Ends every connection at once (RST), and goes on accepting new ones. */
  cut(): void;
  /** Ends the next connection that carries so many bytes towards the target, in the middle of them; then as before. */
  cutAfter(bytes: number): Promise<void>;
  /** As `cutAfter`, counting what comes back: the target has done its work and the answer is lost. */
  cutAnswerAfter(bytes: number): Promise<void>;
  /** Keeps connections, and carries nothing until `resume`: a network that swallows packets. */
  pause(): void;
  resume(): void;
  /** Refuses new connections (and ends the open ones) until `accept`. */
  refuse(): void;
  accept(): void;
  close(): Promise<void>;
}

interface Cut {
  left: number;
  done(): void;
}

/** @param target where connections go @param port 0 takes a free one */
export async function startTcpProxy(target: { host?: string; port: number }, port = 0): Promise<TcpProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const cuts: { request: Cut | null; answer: Cut | null } = { request: null, answer: null };
  let paused = false;
  let refusing = false;

  const proxy = createServer((client) => {
    if (refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(target.port, target.host ?? "127.0.0.1");
    const pair = { client, server };
    pairs.add(pair);
    client.setNoDelay(true);
    server.setNoDelay(true);
    const end = () => {
      pairs.delete(pair);
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    carry(client, server, "request", end);
    carry(server, client, "answer", end);
    if (paused) hold(pair);
  });

  function carry(from: Socket, to: Socket, way: "request" | "answer", end: () => void): void {
    from.on("data", (bytes) => {
      const cut = cuts[way];
      if (cut !== null) {
        cut.left -= bytes.length;
        if (cut.left <= 0) {
          cuts[way] = null;
          const part = bytes.subarray(0, Math.max(0, bytes.length + cut.left));
          // What was promised to arrive has to leave this process before the connection is torn.
          to.write(part, () => {
            end();
            cut.done();
          });
          from.pause();
          return;
        }
      }
      if (!to.write(bytes)) {
        from.pause();
        to.once("drain", () => {
          if (!paused) from.resume();
        });
      }
    });
    from.on("end", () => to.end());
    from.on("error", end); // either side's end is the other's
    from.on("close", end);
  }

  function hold({ client, server }: { client: Socket; server: Socket }): void {
    client.pause();
    server.pause();
  }

  function cutAll(): void {
    for (const { client, server } of [...pairs]) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    pairs.clear();
  }

  function planCut(way: "request" | "answer", bytes: number): Promise<void> {
    return new Promise((resolve) => {
      cuts[way] = { left: bytes, done: resolve };
    });
  }

  proxy.listen(port, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    get connections() {
      return pairs.size;
    },
    cut: cutAll,
    cutAfter: (bytes) => planCut("request", bytes),
    cutAnswerAfter: (bytes) => planCut("answer", bytes),
    pause: () => {
      paused = true;
      for (const pair of pairs) hold(pair);
    },
    resume: () => {
      paused = false;
      for (const { client, server } of pairs) {
        client.resume();
        server.resume();
      }
    },
    refuse: () => {
      refusing = true;
      cutAll();
    },
    accept: () => {
      refusing = false;
    },
    close: async () => {
      cutAll();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
