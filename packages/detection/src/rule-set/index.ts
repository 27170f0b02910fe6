/** Sets of rules that change while records flow: from files, as stored content, compiled. Pure. */
export { compileRuleSet, type RuleSet, rulesChangedOf } from "./compile.ts";
export { composeRuleSet, type RuleFiles, SETTINGS_FILE } from "./compose.ts";
export {
  decodeRuleSet,
  encodeRuleSet,
  isLaterSet,
  type RuleSetContent,
  type RuleSetProblem,
  ruleSetHash,
  sameSources,
} from "./content.ts";
export { type ExceptionSource, LATE_RECORDS_MS, problemOfWhere } from "./exceptions.ts";
export { parseRuleSettings, type RuleSettings, ruleSettingsSchema } from "./settings.ts";
