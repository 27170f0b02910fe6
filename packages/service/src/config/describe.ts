import { type ConfigKey, type ConfigSchema, configKeys } from "./keys.ts";

export type { ConfigKey, ConfigKind, ConfigSchema } from "./keys.ts";

/** Every key of a configuration, in the schema's order, for documentation. */
export function describeConfig(schema: ConfigSchema): ConfigKey[] {
  return configKeys(schema);
}

const FLAG_COLUMN_CHARS = 30;

/** The text of `--help`. @param command how it is started, e.g. `npm start --` @param summary one sentence */
export function helpText(schema: ConfigSchema, about: { command: string; summary: string }): string {
  const lines = configKeys(schema).map((key) => {
    const flag =
      key.flag === null ? "" : key.kind === "boolean" ? key.flag : `${key.flag} ${key.placeholder}`;
    const facts = [
      `allowed: ${key.allowed}`,
      ...(key.default === null ? [] : [`default: ${key.default}`]),
      ...(key.required ? ["required"] : []),
      key.env,
    ];
    const indent = " ".repeat(FLAG_COLUMN_CHARS + 2);
    const start =
      flag.length < FLAG_COLUMN_CHARS ? flag.padEnd(FLAG_COLUMN_CHARS) : `${flag}\n${indent.slice(2)}`;
    return `  ${start}${key.description}\n${indent}[${facts.join("; ")}]`;
  });
  return [
    about.summary,
    "",
    `Usage: ${about.command} [flags]`,
    "",
    ...lines,
    "",
    "Flags win over environment variables, and these over defaults. Secrets have a variable only.",
    "",
  ].join("\n");
}

/** The same as a Markdown table for the docs. */
export function configMarkdown(schema: ConfigSchema): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const code = (text: string | null) => (text === null ? "" : `\`${cell(text)}\``);
  const rows = configKeys(schema).map(
    (key) =>
      `| ${code(key.flag)} | ${code(key.env)} | ${code(key.default)} | ${cell(key.allowed)} | ${cell(key.description)} |`,
  );
  return [
    "| flag | environment | default | allowed | what it does |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
