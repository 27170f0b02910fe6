import { z } from "zod";
import { FIELDS, isField } from "../record/fields.ts";
import { RuleProblem } from "./rule-problem.ts";
import { suggestion } from "./suggestion.ts";

/** `group-by`: names of fields; `name?` may be lacking. */
export const groupBySchema = z.array(z.string().min(1)).min(1).max(4);

/** A misspelt field would stay silent for ever. @throws RuleProblem */
export function checkField(field: string, path: readonly PropertyKey[]): void {
  if (isField(field)) return;
  throw new RuleProblem(
    path,
    `expected a field such as tool, server or credential, found \`${field}\`${suggestion(field, Object.keys(FIELDS))}`,
  );
}
