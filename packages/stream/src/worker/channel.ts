import type { MessagePort, Transferable } from "node:worker_threads";
import { closedError } from "../errors.ts";
import { type Message, receiveError, sendError } from "./messages.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Handlers = Record<string, (args: never) => unknown>;

/** What one side asks of the other: the methods' arguments and results. */
export type Protocol = Record<string, { args: unknown; result: unknown }>;

/**
 * Calls and notes over a MessagePort, in both directions. Both ends are this code in one process, so what arrives is
 * what the types say.
 */
export class Channel<Out extends Protocol> {
  readonly #port: MessagePort;
  readonly #handlers: Handlers;
  readonly #pending = new Map<number, Pending>();
  readonly #onClose: () => void;
  #nextId = 0;
  #open = true;

  /** @param onClose called once when either side has closed the port, or its thread ended */
  constructor(port: MessagePort, handlers: Handlers, onClose: () => void) {
    this.#port = port;
    this.#handlers = handlers;
    this.#onClose = onClose;
    port.on("message", (message: Message) => this.#receive(message));
    port.on("close", () => this.#closed());
  }

  call<Name extends keyof Out & string>(
    name: Name,
    args: Out[Name]["args"],
    transfer: readonly Transferable[] = [],
  ): Promise<Out[Name]["result"]> {
    if (!this.#open) return Promise.reject(closedError());
    const id = this.#nextId++;
    return new Promise<Out[Name]["result"]>((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve(value), reject });
      this.#send({ type: "call", id, name, args }, transfer);
    });
  }

  note<Name extends keyof Out & string>(name: Name, args: Out[Name]["args"]): void {
    if (this.#open) this.#send({ type: "note", name, args });
  }

  close(): void {
    this.#port.close();
    this.#closed();
  }

  #send(message: Message, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, [...transfer]);
  }

  #receive(message: Message): void {
    if (message.type === "note") {
      this.#handle(message.name, message.args);
      return;
    }
    if (message.type === "call") {
      void this.#answer(message.id, message.name, message.args);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === "result") pending?.resolve(message.value);
    else pending?.reject(receiveError(message.error));
  }

  async #answer(id: number, name: string, args: unknown): Promise<void> {
    try {
      const value = await this.#handle(name, args);
      if (this.#open) this.#send({ type: "result", id, value });
    } catch (error) {
      if (this.#open) this.#send({ type: "error", id, error: sendError(error) });
    }
  }

  #handle(name: string, args: unknown): unknown {
    const handler = this.#handlers[name];
    if (handler === undefined)
      throw new Error(`the other thread asks for ${name}, which this one does not know`);
    return handler(args as never);
  }

  #closed(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const { reject } of this.#pending.values()) reject(closedError());
    this.#pending.clear();
    this.#onClose();
  }
}
