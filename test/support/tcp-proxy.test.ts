import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { waitFor } from "./wait-for.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server that answers each byte with itself, and counts what it got. */
async function echo(): Promise<{ port: number; received(): number }> {
  let received = 0;
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      received += bytes.length;
      socket.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, received: () => received };
}

function client(proxy: TcpProxy) {
  const socket: Socket = connect(proxy.port, "127.0.0.1");
  const state = { got: "", closed: false };
  socket.on("data", (bytes) => {
    state.got += bytes.toString();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    state.closed = true;
  });
  ends.push(() => socket.destroy());
  return { socket, state };
}

test("carries bytes, cuts in the middle of a request or an answer, holds and refuses", async () => {
  const target = await echo();
  const proxy = await startTcpProxy({ port: target.port });
  ends.push(() => proxy.close());

  const first = client(proxy);
  first.socket.write("hello");
  await waitFor(() => first.state.got === "hello", { what: "the echo" });

  const cut = proxy.cutAfter(3);
  first.socket.write("abcdef");
  await cut;
  await waitFor(() => first.state.closed && target.received() === 8, { what: "three bytes, then the end" });

  const second = client(proxy);
  const lost = proxy.cutAnswerAfter(2);
  second.socket.write("xyz");
  await lost;
  await waitFor(() => second.state.closed && target.received() === 11, { what: "all bytes, no answer" });
  expect(second.state.got.length).toBeLessThanOrEqual(2);

  const third = client(proxy);
  await waitFor(() => proxy.connections === 1, { what: "the third connection" });
  proxy.pause();
  third.socket.write("late");
  await new Promise((resolve) => setImmediate(resolve));
  expect(third.state.got).toBe("");
  proxy.resume();
  await waitFor(() => third.state.got === "late", { what: "what was held" });

  proxy.refuse();
  await waitFor(() => third.state.closed, { what: "the end" });
  const fourth = client(proxy);
  await waitFor(() => fourth.state.closed, { what: "the refusal" });
  proxy.accept();
  const fifth = client(proxy);
  fifth.socket.write("again");
  await waitFor(() => fifth.state.got === "again", { what: "the echo again" });
});
