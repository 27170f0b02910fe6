import type { Duplex } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { CallEnd } from "../interceptor.ts";
import type { RequestId } from "../mcp/json-rpc.ts";
import { scanLargeFrame } from "../mcp/large-frame.ts";
import type { McpTap } from "../mcp/mcp-tap.ts";
import { headerIn, mediaType } from "./headers.ts";
import type { ScannedMessage } from "./json/envelope-scanner.ts";
import { type FrameEnds, FrameReader } from "./json/frame-reader.ts";
import { SseParser } from "./sse-parser.ts";

const MAX_BACKLOG_BYTES = 1024 * 1024; // compressed bytes that wait for the decompressor before the copy is given up

/** Reads a copy of a response as it flows by, and tells the tap which calls were answered. Never holds the response up. */
export interface ResponseTap {
  push(chunk: Buffer): void;
  /** The response is complete; `done` is called when the copy has been read. */
  end(done: () => void): void;
  /** True when events had ids, so that the client can come back for what it has not seen yet. */
  readonly resumable: boolean;
  /** True for a stream of events, which may never end. */
  readonly stream: boolean;
}

const NOTHING: ResponseTap = {
  push: () => undefined,
  end: (done) => done(),
  resumable: false,
  stream: false,
};

/**
 * @param headers the response's, as pairs
 * @param onFailure hears of a defect of the tap; the copy is given up then, the response flows on
 */
export function createResponseTap(
  headers: readonly string[],
  tap: McpTap,
  onFailure: (cause: unknown) => void,
): ResponseTap {
  const type = mediaType(headerIn(headers, "content-type"));
  const reader = new FrameReader({
    startHash: () => {
      const hasher = tap.keyedHasher();
      return { update: hasher.update, digest: () => hasher.digest(32) };
    },
    frame: (frame, bytes) => tap.fromServer(frame, bytes),
    large: (messages, ends) => {
      for (const message of messages) answerLarge(message, ends, tap);
    },
    unreadable: () => undefined, // the calls it should have answered end with the exchange
  });
  let resumable = false;
  const stream = type === "text/event-stream";
  let plain: Copy;
  if (stream) {
    const parser = new SseParser({
      data: (piece) => reader.push(piece),
      event: () => reader.end(),
      id: () => {
        resumable = true;
      },
    });
    plain = { push: (chunk) => parser.push(chunk), end: () => undefined };
  } else if (type === "application/json" || type.endsWith("+json")) {
    plain = { push: (chunk) => reader.push(chunk), end: () => reader.end() };
  } else {
    return NOTHING;
  }
  plain = guarded(plain, onFailure);
  const decoder = decoderOf(headerIn(headers, "content-encoding"));
  if (decoder === "unknown") return NOTHING;
  if (decoder === null) {
    return {
      push: plain.push,
      end: (done) => {
        plain.end();
        done();
      },
      get resumable() {
        return resumable;
      },
      stream,
    };
  }
  return decoded(decoder, plain, () => resumable, stream);
}

interface Copy {
  push(chunk: Buffer): void;
  end(): void;
}

function guarded(copy: Copy, onFailure: (cause: unknown) => void): Copy {
  let failed = false;
  const attempt = (work: () => void): void => {
    if (failed) return;
    try {
      work();
    } catch (cause) {
      failed = true;
      onFailure(cause);
    }
  };
  return { push: (chunk) => attempt(() => copy.push(chunk)), end: () => attempt(() => copy.end()) };
}

/** A server that compresses although it was told not to: a copy is decompressed, piece by piece. */
function decoded(decoder: Duplex, plain: Copy, resumable: () => boolean, stream: boolean): ResponseTap {
  let broken = false;
  decoder.on("data", plain.push);
  decoder.on("error", () => {
    broken = true;
  });
  return {
    push: (chunk) => {
      if (broken) return;
      if (decoder.writableLength > MAX_BACKLOG_BYTES)
        decoder.destroy(new Error("the copy is read too slowly"));
      else decoder.write(chunk);
    },
    end: (done) => {
      if (broken) {
        done();
        return;
      }
      decoder.once("close", () => {
        if (!broken) plain.end();
        done();
      });
      decoder.end();
    },
    get resumable() {
      return resumable();
    },
    stream,
  };
}

function decoderOf(encoding: string | undefined): Duplex | null | "unknown" {
  switch (encoding?.trim().toLowerCase() ?? "identity") {
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return "unknown";
  }
}

function answerLarge(message: ScannedMessage, ends: FrameEnds, tap: McpTap): void {
  const id = idOf(message);
  if (id !== undefined && message.method === undefined) tap.answeredLarge(id, endOf(message, ends));
}

function endOf(message: ScannedMessage, { head, tail, bytes }: FrameEnds): CallEnd {
  if (message.hasError || message.measured === undefined) {
    const errorCode = message.errorCode ?? "none";
    return { outcome: "protocol_error", errorCode, message: message.errorMessage ?? "" };
  }
  return {
    outcome: message.isError === true ? "tool_error" : "ok",
    text: scanLargeFrame(head, tail, bytes)?.text ?? head,
    bytes: message.measured.bytes,
    items: 1,
    wholeDigest: message.measured.digest,
  };
}

/** The id as JSON-RPC has it, or undefined when it is none. */
export function idOf(message: ScannedMessage): RequestId | undefined {
  if (message.id === undefined) return undefined;
  try {
    const id: unknown = JSON.parse(message.id);
    return typeof id === "string" || typeof id === "number" ? id : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
