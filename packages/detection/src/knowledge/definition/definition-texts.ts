/** One piece of text that a definition puts before a model. */
export interface DefinitionText {
  /** Where it stands: `description`, `parameter to`, `parameter to description`, `parameter to enum`. */
  where: string;
  text: string;
}

const MAX_TEXTS = 500; // of one definition
const MAX_CHARS = 16 * 1024; // of one text; the longest real description seen has 12,000
const MAX_DEPTH = 6;

/** Keys whose text is for programs. All others may hold anything, and a model reads them too. */
const FORMAL = new Set([
  "$ref",
  "$id",
  "$schema",
  "format",
  "pattern",
  "contentEncoding",
  "contentMediaType",
]);

/** All that a model reads of a definition (as `tools/list` gives it): names, titles, descriptions, enum values, defaults. */
export function textsOf(definition: Readonly<Record<string, unknown>>): DefinitionText[] {
  const found: DefinitionText[] = [];
  add(found, "name", definition.name);
  add(found, "title", definition.title);
  add(found, "description", definition.description);
  if (isObject(definition.annotations)) add(found, "title", definition.annotations.title);
  collect(definition.inputSchema, "", 0, found);
  collect(definition.outputSchema, "result ", 0, found);
  return found;
}

function collect(schema: unknown, prefix: string, depth: number, into: DefinitionText[]): void {
  if (!isObject(schema) || depth > MAX_DEPTH || into.length >= MAX_TEXTS) return;
  for (const key of ["anyOf", "oneOf", "allOf"] as const) {
    const branches = schema[key];
    if (Array.isArray(branches)) for (const branch of branches) collect(branch, prefix, depth + 1, into);
  }
  if (Array.isArray(schema.required))
    for (const name of schema.required) add(into, `${prefix}required`, name);
  if (isObject(schema.items)) collectProperty(schema.items, `${prefix}items`, depth, into);
  for (const key of ["properties", "$defs", "definitions"] as const) {
    const members = schema[key];
    if (!isObject(members)) continue;
    for (const [name, property] of Object.entries(members)) {
      if (into.length >= MAX_TEXTS) return;
      const where = `${prefix}parameter ${name.slice(0, 64)}`;
      add(into, where, name);
      collectProperty(property, where, depth, into);
    }
  }
}

function collectProperty(property: unknown, where: string, depth: number, into: DefinitionText[]): void {
  if (!isObject(property)) return;
  for (const [key, value] of Object.entries(property))
    if (!FORMAL.has(key)) add(into, `${where} ${key.slice(0, 32)}`, value);
  for (const key of ["enum", "examples"] as const) {
    const values = property[key];
    if (Array.isArray(values)) for (const value of values) add(into, `${where} ${key}`, value);
  }
  collect(property, `${where} `, depth + 1, into);
}

function add(into: DefinitionText[], where: string, text: unknown): void {
  if (typeof text !== "string" || text === "" || into.length >= MAX_TEXTS) return;
  into.push({ where, text: text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
