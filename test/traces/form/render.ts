/** How servers print what they found. */
export type Format = "json" | "json-compact" | "yaml" | "markdown" | "lines" | "wrapped" | "xml";
export const FORMATS: readonly Format[] = [
  "json",
  "json-compact",
  "yaml",
  "markdown",
  "lines",
  "wrapped",
  "xml",
];

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const label = (key: string): string => {
  const words = key.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function yaml(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return " []";
    return value.map((item) => `\n${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join("");
  }
  if (isPlain(value)) {
    return Object.entries(value)
      .map(([key, inner]) => `\n${indent}${key}:${yaml(inner, `${indent}  `)}`)
      .join("");
  }
  const said = String(value);
  if (!said.includes("\n")) return ` ${/[:#]|^[-*&!]/.test(said) ? `'${said.replace(/'/g, "''")}'` : said}`;
  return ` |-\n${said
    .split("\n")
    .map((line) => indent + line)
    .join("\n")}`;
}

function lines(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}- ${lines(item, `${indent}  `).trimStart()}`).join("\n");
  }
  if (!isPlain(value)) return `${indent}${String(value)}`;
  return Object.entries(value)
    .map(([key, inner]) =>
      typeof inner === "object" && inner !== null
        ? `${indent}${label(key)}:\n${lines(inner, `${indent}  `)}`
        : `${indent}${label(key)}: ${String(inner)}`,
    )
    .join("\n");
}

function cell(value: unknown): string {
  return (typeof value === "object" ? JSON.stringify(value) : String(value)).replace(/\s*\n\s*/g, " ");
}

function markdown(value: unknown, level: number): string {
  if (Array.isArray(value)) {
    const [first] = value;
    if (!isPlain(first)) return value.map((item) => `- ${String(item)}`).join("\n");
    const keys = Object.keys(first);
    const rows = value.filter(isPlain).map((row) => `| ${keys.map((key) => cell(row[key])).join(" | ")} |`);
    return [`| ${keys.join(" | ")} |`, `|${keys.map(() => "---").join("|")}|`, ...rows].join("\n");
  }
  if (!isPlain(value)) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => {
      if (typeof inner === "object" && inner !== null) {
        return `\n${"#".repeat(level)} ${label(key)}\n\n${markdown(inner, level + 1)}`;
      }
      const said = String(inner);
      return said.length > 90 || said.includes("\n")
        ? `\n**${label(key)}**\n\n${said}\n`
        : `**${label(key)}:** ${said}`;
    })
    .join("\n");
}

function xml(value: unknown, name: string): string {
  if (Array.isArray(value)) return value.map((item) => xml(item, name.replace(/s$/, ""))).join("");
  const inner = isPlain(value)
    ? Object.entries(value)
        .map(([key, part]) => xml(part, key))
        .join("")
    : String(value);
  return `<${name}>${inner}</${name}>`;
}

/** `value` as text in `format`; text stays as it is. */
export function render(value: unknown, format: Format): string {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return String(value);
  if (format === "json") return JSON.stringify(value, null, 2);
  if (format === "json-compact") return JSON.stringify(value);
  if (format === "yaml") return yaml(value, "").trimStart();
  if (format === "markdown") return markdown(value, 2).trim();
  if (format === "xml") return xml(value, Array.isArray(value) ? "items" : "result");
  if (format === "wrapped") {
    const count = Array.isArray(value) ? value.length : 1;
    return JSON.stringify({ status: "ok", count, data: value });
  }
  return lines(value, "");
}
