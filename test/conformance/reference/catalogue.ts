/** What the conformance suites expect to find on a server, as data: the names and texts are theirs. */

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

type Content =
  | { type: "text"; text: string }
  | { type: "image" | "audio"; data: string; mimeType: string }
  | { type: "resource"; resource: { uri: string; mimeType: string; text: string } };

type Schema = { type: "object"; [key: string]: unknown };

const NO_ARGUMENTS: Schema = { type: "object", properties: {} };
const text = (value: string): Content => ({ type: "text", text: value });
const image: Content = { type: "image", data: PNG, mimeType: "image/png" };

/** Tools that always answer the same. */
export const FIXED_TOOLS: Readonly<Record<string, Content[]>> = {
  test_simple_text: [text("This is a simple text response for testing.")],
  test_image_content: [image],
  test_audio_content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
  test_embedded_resource: [
    {
      type: "resource",
      resource: { uri: "test://embedded-resource", mimeType: "text/plain", text: "embedded" },
    },
  ],
  test_multiple_content_types: [
    text("Multiple content types test:"),
    image,
    {
      type: "resource",
      resource: { uri: "test://mixed", mimeType: "application/json", text: '{"test":"data","value":123}' },
    },
  ],
  json_schema_2020_12_tool: [text("called")],
};

const ASKS = (property: string): Schema => ({
  type: "object",
  properties: { [property]: { type: "string" } },
  required: [property],
});

const INPUT_SCHEMAS: Readonly<Record<string, Schema>> = {
  test_sampling: ASKS("prompt"),
  test_elicitation: ASKS("message"),
  json_schema_2020_12_tool: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    $defs: {
      address: { type: "object", properties: { street: { type: "string" }, city: { type: "string" } } },
    },
    properties: { name: { type: "string" }, address: { $ref: "#/$defs/address" } },
    additionalProperties: false,
  },
};

/** Tools that do something while they run; each server has its own way to do it. */
export const ACTIVE_TOOLS = [
  "test_tool_with_logging",
  "test_tool_with_progress",
  "test_error_handling",
  "test_reconnection",
  "test_sampling",
  "test_elicitation",
  "test_elicitation_sep1034_defaults",
  "test_elicitation_sep1330_enums",
] as const;

export function listTools(
  names: readonly string[],
): { name: string; description: string; inputSchema: Schema }[] {
  return names.map((name) => ({
    name,
    description: `conformance: ${name}`,
    inputSchema: INPUT_SCHEMAS[name] ?? NO_ARGUMENTS,
  }));
}

const option = (value: string, title: string): { const: string; title: string } => ({ const: value, title });

/** What the elicitation tools ask for. */
export const FORMS = {
  test_elicitation: {
    type: "object",
    properties: { response: { type: "string", description: "the answer" } },
    required: ["response"],
  },
  test_elicitation_sep1034_defaults: {
    type: "object",
    properties: {
      name: { type: "string", default: "John Doe" },
      age: { type: "integer", default: 30 },
      score: { type: "number", default: 95.5 },
      status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
      verified: { type: "boolean", default: true },
    },
  },
  test_elicitation_sep1330_enums: {
    type: "object",
    properties: {
      untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
      titledSingle: { type: "string", oneOf: [option("value1", "First"), option("value2", "Second")] },
      legacyEnum: { type: "string", enum: ["opt1", "opt2"], enumNames: ["Option One", "Option Two"] },
      untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2"] } },
      titledMulti: {
        type: "array",
        items: { anyOf: [option("value1", "First"), option("value2", "Second")] },
      },
    },
  },
} as const;

export const RESOURCES = [
  { uri: "test://static-text", name: "static-text", mimeType: "text/plain" },
  { uri: "test://static-binary", name: "static-binary", mimeType: "image/png" },
  { uri: "test://watched-resource", name: "watched-resource", mimeType: "text/plain" },
];

export const TEMPLATES = [
  { uriTemplate: "test://template/{id}/data", name: "template", mimeType: "application/json" },
];

type ResourceContents = { uri: string; mimeType: string } & ({ text: string } | { blob: string });

/** The contents of a resource, or null when there is none of that address. */
export function readResource(uri: string): ResourceContents | null {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) {
    const body = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { uri, mimeType: "application/json", text: body };
  }
  const found = RESOURCES.find((resource) => resource.uri === uri);
  if (found === undefined) return null;
  return found.mimeType === "image/png"
    ? { uri, mimeType: found.mimeType, blob: PNG }
    : { uri, mimeType: found.mimeType, text: `This is the content of ${found.name}.` };
}

export const PROMPTS = [
  { name: "test_simple_prompt", description: "without arguments" },
  {
    name: "test_prompt_with_arguments",
    description: "with two arguments",
    arguments: [
      { name: "arg1", required: true },
      { name: "arg2", required: true },
    ],
  },
  {
    name: "test_prompt_with_embedded_resource",
    description: "with a resource",
    arguments: [{ name: "resourceUri", required: true }],
  },
  { name: "test_prompt_with_image", description: "with an image" },
];

export interface PromptMessage {
  role: "user";
  content: Content;
}

export function promptMessages(
  name: string,
  given: Readonly<Record<string, string>>,
): PromptMessage[] | null {
  const say = (...contents: Content[]): PromptMessage[] =>
    contents.map((content) => ({ role: "user", content }));
  switch (name) {
    case "test_simple_prompt":
      return say(text("This is a simple prompt for testing."));
    case "test_prompt_with_arguments":
      return say(text(`Prompt with arguments: arg1='${given.arg1}', arg2='${given.arg2}'`));
    case "test_prompt_with_embedded_resource":
      return say(
        {
          type: "resource",
          resource: { uri: given.resourceUri ?? "", mimeType: "text/plain", text: "embedded" },
        },
        text("Please process the embedded resource above."),
      );
    case "test_prompt_with_image":
      return say(image, text("Please analyze the image above."));
    default:
      return null;
  }
}
