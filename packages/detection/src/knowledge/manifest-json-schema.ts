import { z } from "zod";
import { manifestSchema } from "./manifest-schema.ts";

/** The JSON Schema of the manifest, for editors. */
export function manifestJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(manifestSchema, { io: "input", unrepresentable: "any" });
  const whole = {
    $schema,
    $id: "https://tripline.dev/schemas/manifest.schema.json",
    title: "What an operator knows of MCP servers and tools: Tripline's manifest",
    ...schema,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
