import type { Socket } from "node:net";

const SIZE_BYTES = 4;
const MAX_FRAME_BYTES = 256 * 1024 * 1024; // no answer asked for is near it; "HTTP" read as a size is 1.2 GB

/**
 * Hands a socket's bytes on in whole Kafka answers (an int32 with the size, and so many bytes). kafkajs keeps half an
 * answer when its connection breaks, and puts the first bytes of the next connection behind it: then it waits for ever,
 * takes one answer for another, or ends the process with a RangeError.
 */
export function inWholeFrames(socket: Socket): Socket {
  const emit = socket.emit.bind(socket);
  const frames = new FrameReader();
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const [bytes] = args;
    if (event !== "data" || !Buffer.isBuffer(bytes)) return Reflect.apply(emit, socket, [event, ...args]);
    try {
      for (const frame of frames.push(bytes)) emit("data", frame);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  };
  return socket;
}

export class FrameReader {
  #chunks: Buffer[] = [];
  #held = 0;
  #needed = SIZE_BYTES;

  /** The answers that are whole with these bytes. @throws Error for a size that no broker would send */
  push(bytes: Buffer): Buffer[] {
    this.#chunks.push(bytes);
    this.#held += bytes.length;
    const frames: Buffer[] = [];
    while (this.#held >= this.#needed) {
      const all =
        this.#chunks.length === 1 && this.#chunks[0] !== undefined
          ? this.#chunks[0]
          : Buffer.concat(this.#chunks);
      const size = all.readInt32BE(0);
      if (size < 0 || size > MAX_FRAME_BYTES) throw new Error("what answers here is no Kafka broker");
      const whole = SIZE_BYTES + size;
      const rest = all.length < whole ? all : all.subarray(whole);
      if (rest !== all) frames.push(all.subarray(0, whole));
      this.#chunks = [rest];
      this.#held = rest.length;
      this.#needed = rest === all ? whole : SIZE_BYTES;
    }
    return frames;
  }
}
