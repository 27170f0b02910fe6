import { TriplineError } from "@tripline/events";
import { z } from "zod";

/** Definitions as servers list them, by suite; `everywhere` is for suites that have none of their own. */
export interface ToolLists {
  bySuite: ReadonlyMap<string, ToolDefinition[]>;
  everywhere: ToolDefinition[];
}
export type ToolDefinition = { name: string } & Record<string, unknown>;

const toolSchema = z.looseObject({ name: z.string().min(1) });
const listSchema = z.union([
  z.array(toolSchema),
  z.looseObject({ tools: z.array(toolSchema) }).transform(({ tools }) => tools),
]);
const fileSchema = z.union([
  listSchema.transform((everywhere) => ({ bySuite: new Map<string, ToolDefinition[]>(), everywhere })),
  z.record(z.string(), listSchema).transform((suites) => {
    const all = Object.values(suites).flat();
    return {
      bySuite: new Map(Object.entries(suites)),
      // A name that two suites share means what the first of them says.
      everywhere: [...new Map(all.toReversed().map((tool) => [tool.name, tool])).values()],
    };
  }),
]);

/**
 * Reads a tools file: lists by suite (`{"suite": [...]}`), or one list for all (`[...]`, `{"tools": [...]}`). Properties
 * may stand under `inputSchema`, `input_schema` or `parameters`.
 * @throws TriplineError TRIPLINE_TRACE_INVALID
 */
export function parseToolLists(text: string, file: string): ToolLists {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TriplineError("TRIPLINE_TRACE_INVALID", `${file}: expected JSON: tools by suite`, { cause });
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    throw new TriplineError(
      "TRIPLINE_TRACE_INVALID",
      `${file}: expected tools by suite ({"suite": [{"name": …}]}) or one list of them`,
    );
  }
  const { bySuite, everywhere } = parsed.data;
  return {
    bySuite: new Map([...bySuite].map(([suite, tools]) => [suite, tools.map(withInputSchema)])),
    everywhere: everywhere.map(withInputSchema),
  };
}

function withInputSchema(tool: ToolDefinition): ToolDefinition {
  const schema = tool.inputSchema ?? tool.input_schema ?? tool.parameters;
  return schema === undefined ? tool : { ...tool, inputSchema: schema };
}
