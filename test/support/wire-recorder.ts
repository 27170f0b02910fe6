import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy that keeps every byte that passes, in both directions. */
export interface WireRecorder {
  url: string;
  bytes(): Buffer;
  close(): Promise<void>;
}

/** @param target where to connect to, e.g. http://127.0.0.1:4180 @param port where to listen, on 127.0.0.1 */
export async function recordWire(target: string, port: number): Promise<WireRecorder> {
  const { hostname, port: targetPort } = new URL(target);
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(targetPort), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk: Buffer) => chunks.push(chunk));
      from.on("error", () => to.destroy());
      from.once("close", () => sockets.delete(from));
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    bytes: () => Buffer.concat(chunks),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
