/** The YAML of a correlation and its base rules. */
export function correlationText(parts: {
  /** The detections of the base rules by name, in flow style: `{ a: { tool: x }, condition: a }`. */
  rules: Readonly<Record<string, string>>;
  /** The correlation, in flow style. */
  correlation: string;
  level?: string;
  tripline?: string;
}): string {
  const bases = Object.entries(parts.rules).map(
    ([name, detection]) => `title: ${name}
name: ${name}
logsource: { category: agent_tool_call }
detection: ${detection}
---
`,
  );
  return `${bases.join("")}title: t
name: rule-under-test
level: ${parts.level ?? "medium"}
correlation: ${parts.correlation}
${parts.tripline === undefined ? "" : `tripline: ${parts.tripline}\n`}`;
}

/** A detection of calls of one tool. */
export function toolRule(tool: string): string {
  return `{ call: { tool: ${tool} }, condition: call }`;
}
