import type { JsonObject } from "./json-rpc.ts";

const MAX_TOOLS = 1000; // as many as a record lists

/** Puts the pages of a `tools/list` together: each page is reported as it comes, and the last one with all before it. */
export class ToolPages {
  #tools: JsonObject[] = [];
  #next: string | null = null;

  /** @param cursor what the client asked with (null: the first page) @param next the server's nextCursor */
  add(
    cursor: string | null,
    tools: JsonObject[],
    next: string | null,
  ): { tools: JsonObject[]; complete: boolean } {
    const continues = cursor !== null && cursor === this.#next;
    if (cursor !== null && !continues) return { tools, complete: false }; // a page of a listing whose start was not seen
    const all = continues ? [...this.#tools, ...tools].slice(0, MAX_TOOLS) : tools;
    this.#tools = next === null ? [] : all;
    this.#next = next;
    return next === null ? { tools: all, complete: true } : { tools, complete: false };
  }
}
