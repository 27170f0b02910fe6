import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** A server that a test writes in a few lines, and what it was asked. */
export interface Upstream {
  url: string;
  server: Server;
  requests: IncomingMessage[];
  /** Bodies that came to their end. */
  bodies: Buffer[];
  close(): Promise<void>;
}

/** Starts a server that reads each body to its end and then answers. */
export async function startUpstream(answer: Answer): Promise<Upstream> {
  const requests: IncomingMessage[] = [];
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      bodies.push(body);
      answer(request, response, body);
    });
  });
  const url = await listenOnFreePort(server);
  return { url: `${url}/mcp`, server, requests, bodies, close: () => closeServer(server) };
}

export function listenOnFreePort(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A JSON-RPC answer to the request in `body`. */
export function answerJson(response: ServerResponse, body: Buffer, result: unknown): void {
  const { id } = JSON.parse(body.toString()) as { id: unknown };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ result, jsonrpc: "2.0", id }));
}

export function callBody(tool: string, args: unknown = {}, id: unknown = 1): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name: tool, arguments: args },
  });
}

export const TEXT_RESULT = { content: [{ type: "text", text: "done" }] };
