import type { IncomingMessage } from "node:http";

export type RequestHead =
  /** The whole body, or what came of it when it is larger than the limit; the request is paused then. */
  | { kind: "whole"; chunks: Buffer[]; bytes: number }
  | { kind: "head"; chunks: Buffer[]; bytes: number }
  /** The client went away before the end. */
  | { kind: "gone" };

/** Reads a request's body up to its end or until it is larger than `limit` bytes, whichever comes first. */
export function readHead(request: IncomingMessage, limit: number): Promise<RequestHead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (head: RequestHead): void => {
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve(head);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= limit) return;
      request.pause();
      settle({ kind: "head", chunks, bytes });
    };
    const onEnd = (): void => settle({ kind: "whole", chunks, bytes });
    const onClose = (): void => settle({ kind: "gone" });
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

/** The chunks that were read already, then the rest as it comes. Leaving early does not end the client's connection. */
export async function* headAndRest(
  head: readonly Buffer[],
  request: IncomingMessage,
): AsyncGenerator<Buffer> {
  yield* head;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
}
