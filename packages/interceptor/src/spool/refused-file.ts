import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { OnWarning } from "../core/warnings.ts";
import type { RefusedLine } from "../senders/record-sender.ts";
import { FILE_MODE } from "./segment.ts";

const MAX_REFUSED_BYTES = 16 * 1024 * 1024; // a wrong configuration refuses everything: enough to see why

/** Keeps what the receiver would not take, beside the spool, for a person to look at. */
export class RefusedFile {
  readonly path: string;
  readonly #onWarning: OnWarning;

  constructor(producerPath: string, onWarning: OnWarning) {
    this.path = join(producerPath, "refused.ndjson");
    this.#onWarning = onWarning;
  }

  /** @param body the batch that `refused` counts lines in, from 0 */
  keep(body: Buffer, refused: readonly RefusedLine[]): void {
    const lines = body.toString("utf8").split("\n");
    const text = refused
      .map(({ line, code, message }) => `${JSON.stringify({ code, message, record: lines[line] ?? null })}\n`)
      .join("");
    this.#onWarning({
      code: "TRIPLINE_RECORDS_REFUSED",
      message: `the receiver refused ${refused.length} record(s), the first with ${refused[0]?.code ?? "no code"}; see ${this.path}`,
    });
    try {
      if (size(this.path) + text.length > MAX_REFUSED_BYTES) return;
      appendFileSync(this.path, text, { mode: FILE_MODE });
    } catch (cause) {
      this.#onWarning({
        code: "TRIPLINE_REFUSED_FILE",
        message: `refused records can't be kept in ${this.path}; they are counted only`,
        cause,
      });
    }
  }
}

function size(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
