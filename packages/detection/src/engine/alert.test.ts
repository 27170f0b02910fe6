import { expect, it } from "vitest";
import { parseManifest } from "../knowledge/parse-manifest.ts";
import { parseRule } from "../rule/parse-rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";
import { createDetection } from "./detection.ts";

const rule = parseRule(
  `title: Somebody prints
name: print-call
level: high
logsource: { category: agent_tool_call }
detection: { call: { tool: print }, condition: call }
`,
  "own.yaml",
);
const manifest = parseManifest(
  'manifest: 1\nservers: [{ match: printer, owner: "office@acme.example" }]\n',
  "manifest.yaml",
);

it.each([
  ["printer", "office@acme.example"],
  ["plotter", undefined],
])("says whom to ask about %s: %s", (server, owner) => {
  const detection = createDetection([rule], { manifest });
  const state = detection.initialState(new StateTables());
  const [alert] = recordsOf([shortRecordSchema.parse({ tool: "print", server })]).flatMap(
    (input) => detection.step(state, input).alerts,
  );
  expect(alert?.rule.id).toBe("print-call");
  expect(alert?.owner).toBe(owner);
});
