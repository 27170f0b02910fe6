import { z } from "zod";
import { FIELDS } from "../record/fields.ts";
import { MODIFIERS } from "./field-item.ts";
import { correlationDocumentSchema, detectionDocumentSchema } from "./rule-file.ts";

const ID = "https://tripline.dev/schemas/rule.schema.json";

/**
 * The JSON Schema of a rule file's documents, for editors. It knows keys, types and the names of fields and modifiers;
 * what only reading the rule shows (conditions, expressions, what rules refer to) it leaves to `loadRuleSet`.
 */
export function ruleJsonSchema(): string {
  const { tripline, ...detection } = propertiesOf(detectionDocumentSchema);
  const correlation = propertiesOf(correlationDocumentSchema);
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: ID,
    title: "A document of a Tripline rule file: a Sigma rule or correlation with extensions below `tripline`",
    if: { required: ["correlation"] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's keyword
    then: {
      type: "object",
      properties: { ...correlation, tripline: TRIPLINE },
      required: ["title", "correlation"],
      additionalProperties: false,
    },
    else: {
      type: "object",
      properties: { ...detection, detection: detectionSchema(), tripline: TRIPLINE },
      required: ["title", "logsource", "detection"],
      additionalProperties: false,
    },
    $defs: { tripline, selection: selectionSchema(), value: SCALAR, values: VALUES },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const TRIPLINE = { $ref: "#/$defs/tripline" };
const SELECTION = { $ref: "#/$defs/selection" };
const VALUE = { $ref: "#/$defs/value" };
const SCALAR = { type: ["string", "number", "boolean", "null"] };
const VALUES = { anyOf: [VALUE, { type: "array", items: VALUE, minItems: 1 }] };

function propertiesOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }).properties };
}

/** A map of `field|modifier: value`. */
function selectionSchema(): object {
  const names = Object.keys(FIELDS).map((name) => name.replaceAll(".", "\\."));
  const modifiers = `(\\|(${MODIFIERS.join("|")}))*`;
  const values = { $ref: "#/$defs/values" };
  return {
    type: "object",
    minProperties: 1,
    properties: Object.fromEntries(
      Object.entries(FIELDS).map(([name, { about }]) => [name, { ...values, description: about }]),
    ),
    patternProperties: { [`^(${names.join("|")}|args\\.[^|]+)?${modifiers}$`]: values },
    additionalProperties: false,
  };
}

function detectionSchema(): object {
  const text = { type: "string", minLength: 1 };
  return {
    type: "object",
    description: "selections by name, and the condition that joins them",
    properties: {
      condition: { anyOf: [text, { type: "array", items: text, minItems: 1 }] },
    },
    additionalProperties: {
      description: "fields that all must hold, a list of such maps, or texts to look for",
      anyOf: [SELECTION, VALUE, { type: "array", minItems: 1, items: { anyOf: [SELECTION, VALUE] } }],
    },
    minProperties: 1,
  };
}
