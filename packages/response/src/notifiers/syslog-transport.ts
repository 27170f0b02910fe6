import { createSocket } from "node:dgram";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { CheckedAddress } from "../http/index.ts";
import { octetCounted } from "./formats/rfc5424.ts";

/** One message as a datagram. Resolves when this system has taken it. @throws the system's error */
export async function sendDatagram(
  { address, family }: CheckedAddress,
  port: number,
  message: string,
): Promise<void> {
  const socket = createSocket(family === 4 ? "udp4" : "udp6");
  const sent = Promise.withResolvers<void>();
  socket.on("error", sent.reject);
  socket.send(message, port, address, (error) => (error === null ? sent.resolve() : sent.reject(error)));
  try {
    await sent.promise;
  } finally {
    socket.close();
  }
}

export interface StreamTarget {
  address: CheckedAddress;
  port: number;
  host: string;
  transport: "tls" | "tcp" | "udp";
  authorities: { ca?: string };
}

/** One octet-counted message on a connection of its own. Resolves when it is written and the connection closed. @throws the system's error */
export async function sendStream(target: StreamTarget, message: string, signal: AbortSignal): Promise<void> {
  const { address, port, host, transport, authorities } = target;
  const to = { host: address.address, port };
  const socket: Socket =
    transport === "tls"
      ? connectTls({
          ...to,
          servername: isIP(host) === 0 ? host : "",
          rejectUnauthorized: true,
          ...authorities,
        })
      : connectPlain(to);
  const closed = Promise.withResolvers<void>();
  const stop = () => socket.destroy(new Error("it did not answer in time"));
  socket.on("error", closed.reject);
  socket.on("close", () => closed.resolve());
  socket.on(transport === "tls" ? "secureConnect" : "connect", () => socket.end(octetCounted(message)));
  socket.on("finish", () => socket.destroySoon()); // many receivers never end their side
  socket.resume(); // nothing is expected; what comes is dropped
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await closed.promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
