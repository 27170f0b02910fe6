import type { RuleSet } from "@tripline/detection";
import { type Alert, LOCAL_TENANT, pipelineAlert } from "@tripline/events";

const MAX_SHOWN = 5;

/** Tells on-call that files of the set in force can't be used; null when all can. @param timeMs when the log took it */
export function brokenRulesAlert({ hash, content }: RuleSet, timeMs: number): Alert | null {
  const { problems } = content;
  if (problems.length === 0) return null;
  const shown = problems.slice(0, MAX_SHOWN).map(({ file, message }) => `${file}: ${message}`);
  const more = problems.length - shown.length;
  return pipelineAlert({
    rule: "rules-broken",
    tenant: LOCAL_TENANT,
    identity: hash,
    group: "rules",
    timeMs,
    summary: `${problems.length} rule ${problems.length === 1 ? "file" : "files"} can't be used as they are: ${shown.join(" | ")}${more > 0 ? ` and ${more} more` : ""}`,
    why: "What a broken rule would have found is not found, or is looked for as it was before the last change.",
    next: [
      "Mend the files and check them with `tripline rules lint`; they take effect within a second or two.",
      "`tripline rules list` shows what is in force.",
    ],
  });
}
