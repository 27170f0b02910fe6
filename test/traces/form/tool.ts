/** A tool as `tools/list` shows it. */
export interface ToolListing {
  name: string;
  description?: string | undefined;
  inputSchema: { type: "object"; properties?: Record<string, unknown>; required?: string[] };
  annotations?: Record<string, unknown> | undefined;
}

export type Args = Record<string, unknown>;

export interface Tool extends ToolListing {
  /** Text goes out as it is; anything else in the format of the run. */
  run(args: Args): unknown;
}

/** The tool answers `isError` with this text. */
export class ToolFailure extends Error {}

type Kind = "string" | "number" | "integer" | "boolean" | "array" | "object" | "rows";

function schemaOf(kind: Kind): Record<string, unknown> {
  if (kind === "rows") return { type: "array", items: { type: "array", items: { type: "string" } } };
  return kind === "array" ? { type: kind, items: { type: "string" } } : { type: kind };
}

/**
 * A tool whose parameters are written short: `{ order_id: "string Id of the order", "limit?": "integer How many" }`.
 * The first word is the JSON type (`rows`: an array of rows of cells), the rest the description; a `?` at the key's end makes it optional.
 */
export function tool(
  name: string,
  description: string,
  parameters: Record<string, string>,
  run: (args: Args) => unknown,
  annotations?: Record<string, unknown>,
): Tool {
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  for (const [key, said] of Object.entries(parameters)) {
    const [kind = "string", ...words] = said.split(" ");
    const plain = key.replace(/\?$/, "");
    if (plain === key) required.push(plain);
    const about = words.length > 0 ? { description: words.join(" ") } : {};
    properties[plain] = { ...schemaOf(kind as Kind), ...about };
  }
  const listing = { name, description, inputSchema: { type: "object" as const, properties, required }, run };
  return annotations === undefined ? listing : { ...listing, annotations };
}

export function listing(from: Tool): ToolListing {
  const { name, description, inputSchema, annotations } = from;
  return annotations === undefined
    ? { name, description, inputSchema }
    : { name, description, inputSchema, annotations };
}

export const text = (value: unknown): string => (typeof value === "string" ? value : String(value ?? ""));

/** The row with this id, or the failure that servers answer. */
export function need<T>(rows: readonly T[], matches: (row: T) => boolean, what: string): T {
  const found = rows.find(matches);
  if (found === undefined) throw new ToolFailure(`${what} not found`);
  return found;
}
