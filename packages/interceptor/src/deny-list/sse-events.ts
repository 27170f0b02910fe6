/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) from text: small events that are parsed whole. A stream whose events
 * may be of any size needs another reader.
 */
export interface ServerSentEvent {
  event: string;
  data: string;
}

const MAX_EVENT_CHARS = 1024 * 1024; // a revocation has at most some kilobytes

export class SseEvents {
  readonly #onEvent: (event: ServerSentEvent) => void;
  #rest = "";
  #event = "";
  #data: string[] = [];
  #started = false;

  constructor(onEvent: (event: ServerSentEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** @throws RangeError when an event is larger than any that is expected */
  push(text: string): void {
    let rest = this.#rest + text;
    if (!this.#started && rest !== "") {
      this.#started = true;
      if (rest.startsWith("\uFEFF")) rest = rest.slice(1);
    }
    for (;;) {
      const end = rest.search(/[\r\n]/);
      // A CR at the very end may be half of a CRLF.
      if (end < 0 || (rest[end] === "\r" && end === rest.length - 1)) break;
      const line = rest.slice(0, end);
      rest = rest.slice(rest.startsWith("\r\n", end) ? end + 2 : end + 1);
      this.#line(line);
    }
    if (rest.length + this.#data.length > MAX_EVENT_CHARS) throw new RangeError("the event is too large");
    this.#rest = rest;
  }

  #line(line: string): void {
    if (line === "") {
      if (this.#data.length > 0) {
        this.#onEvent({ event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n") });
      }
      this.#event = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
  }
}
