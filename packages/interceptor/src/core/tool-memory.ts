import { definitionHash } from "@tripline/events";
import { isObject } from "../mcp/json-rpc.ts";
import { printableName } from "./printable.ts";

const MAX_TOOLS = 20_000; // over all servers; a server that lists endless tools must not fill the memory

export interface KnownTool {
  definition: string;
  /** What the server itself says; believed only where the policy trusts it. */
  readOnly: boolean;
}

export interface Listing {
  tools: { name: string; definition: string }[];
  /** Definitions that were not listed before since the start, or differ from then: only their text is recorded. */
  unseen: Readonly<Record<string, unknown>>[];
}

/** Remembers the tools as each server last listed them. */
export class ToolMemory {
  readonly #tools = new Map<string, KnownTool>();

  /** @param path `server/tool` */
  get(path: string): KnownTool | undefined {
    return this.#tools.get(path);
  }

  learn(server: string, tools: readonly Readonly<Record<string, unknown>>[]): Listing {
    const listing: Listing = { tools: [], unseen: [] };
    for (const tool of tools) {
      const name = typeof tool.name === "string" ? printableName(tool.name) : undefined;
      if (name === undefined) continue;
      const definition = definitionHash(tool);
      listing.tools.push({ name, definition });
      const path = `${server}/${name}`;
      if (this.#tools.get(path)?.definition === definition) continue;
      listing.unseen.push(tool);
      if (this.#tools.size >= MAX_TOOLS) this.#tools.clear();
      this.#tools.set(path, { definition, readOnly: saysReadOnly(tool) });
    }
    return listing;
  }
}

function saysReadOnly(tool: Readonly<Record<string, unknown>>): boolean {
  return isObject(tool.annotations) && tool.annotations.readOnlyHint === true;
}
