import type { Alert, Revocation } from "@tripline/events";
import { durationMs } from "./duration.ts";
import { globMatches } from "./glob.ts";
import {
  AUTOMATIC_SCOPES,
  type AutomaticRevocation,
  type AutomaticScope,
  type RuleResponse,
} from "./response-config.ts";

/** Why a key was left alone although its rule is switched on. */
export const GUARDS = [
  "reinstated",
  "not_revocable",
  "not_verified",
  "needs_a_person",
  "not_its_own",
  "never_revoke",
  "too_old",
  "limit",
] as const;
export type Guard = (typeof GUARDS)[number];

/** What to do about an alert. `none`: the rule is off here, or its revocation exists already; nothing to record. */
export type Decision =
  | { kind: "none"; reason: string }
  | { kind: "withheld"; guard: Guard; reason: string }
  | { kind: "would_revoke"; scope: AutomaticScope; subject: string; reason: string }
  | {
      kind: "revoke";
      scope: AutomaticScope;
      subject: string;
      reason: string;
      /** ms from the decision; undefined: until reinstated */
      expiresAfterMs: number | undefined;
    };

export interface Situation {
  alert: Alert;
  /** When the alert was appended to its topic, ms since the epoch. */
  appendedAt: number;
  /** ms since the epoch */
  now: number;
  config: AutomaticRevocation;
  /** The entry whose id is the alert's, when there ever was one. */
  entry: Revocation | undefined;
  /** `keyOf` of everything the policy took away from this tenant within the limit's minutes. */
  recentKeys: ReadonlySet<string>;
}

// An alert that waited longer was held up by an outage or read again from the start of the topic: what it
// found may have been dealt with since, so a person looks first.
export const MAX_ALERT_AGE_MS = 24 * 3600 * 1000;

const MAX_REASON_CHARS = 1024; // of a revocation's and decision's reason

/** What counts as one key for the limit. */
export function keyOf(entry: { scope: string; subject: string }): string {
  return `${entry.scope}/${entry.subject}`;
}

/**
 * Decides about one alert. Pure. All guards of automatic revocation are here and nowhere else: off unless the rule is
 * switched on for this tenant and credential; never again after reinstatement; never for rules about definitions, new
 * tools and exposure; only for a verified caller and only its own credential or session; never what is listed as
 * never_revoke; never for a stale alert; never beyond the limit; never in a dry run.
 */
export function decide(situation: Situation): Decision {
  const { alert, config, entry } = situation;
  const rule = ruleFor(alert, config);
  if (typeof rule === "string") return { kind: "none", reason: rule };
  if (entry?.state === "active") return { kind: "none", reason: "its revocation exists already" };
  if (entry?.state === "reinstated") {
    return withheld("reinstated", "a person reinstated this revocation; it is never applied again");
  }
  if (!alert.response.revocable) {
    return withheld(
      "not_revocable",
      "the rule is about definitions, new tools or exposure; these never revoke",
    );
  }
  const assurance = alert.actor?.assurance ?? "unknown";
  if (assurance !== "verified") {
    return withheld("not_verified", `the caller's credential is ${assurance}, not verified`);
  }
  const target = targetOf(alert, rule);
  if ("kind" in target) return target;
  const pattern = neverRevoked(alert, target.subject, config.never_revoke);
  if (pattern !== undefined) {
    return withheld("never_revoke", `never_revoke lists ${pattern}: only a person may revoke it`);
  }
  if (situation.now - situation.appendedAt > MAX_ALERT_AGE_MS) {
    return withheld("too_old", "the alert is more than a day old; a person has to look first");
  }
  const { keys, minutes } = config.limit;
  if (!situation.recentKeys.has(keyOf(target)) && situation.recentKeys.size >= keys) {
    return withheld("limit", `${keys} keys were already revoked within ${minutes} minutes`);
  }
  const reason = `rule ${alert.rule.id}: ${alert.rule.title}`.slice(0, MAX_REASON_CHARS);
  if (config.dry_run || rule.dry_run === true) return { kind: "would_revoke", ...target, reason };
  const expiresAfterMs = rule.expires_after === undefined ? undefined : durationMs(rule.expires_after);
  return { kind: "revoke", ...target, reason, expiresAfterMs };
}

/** The rule's settings when it is switched on for this alert, else the reason why it is not. */
function ruleFor(alert: Alert, config: AutomaticRevocation): RuleResponse | string {
  const rule = Object.hasOwn(config.rules, alert.rule.id) ? config.rules[alert.rule.id] : undefined;
  if (rule === undefined || !rule.enabled) return "automatic revocation is off for this rule";
  if (rule.tenants !== undefined && !rule.tenants.includes(alert.tenant)) {
    return "automatic revocation is off for this tenant";
  }
  const credential = alert.actor?.credential;
  if (
    rule.credentials !== undefined &&
    (credential === undefined || !rule.credentials.includes(credential))
  ) {
    return "automatic revocation is off for this credential";
  }
  return rule;
}

/** What is to be taken away: always the alert's own credential or session, whatever subject it names. */
function targetOf(alert: Alert, rule: RuleResponse): { scope: AutomaticScope; subject: string } | Decision {
  const named = rule.scope ?? alert.response.scope;
  const scope = AUTOMATIC_SCOPES.find((automatic) => automatic === named);
  if (scope === undefined) {
    return withheld("needs_a_person", `revoking ${named ?? "what this rule is about"} needs a person`);
  }
  const subject = scope === "credential" ? alert.actor?.credential : alert.session?.id;
  if (subject === undefined) return withheld("needs_a_person", `the alert names no ${scope}`);
  const { scope: alertScope, subject: alertSubject } = alert.response;
  if (alertScope === scope && alertSubject !== undefined && alertSubject !== subject) {
    return withheld("not_its_own", `the alert names another ${scope} than its caller's`);
  }
  return { scope, subject };
}

/** The first pattern that lists anything the caller is known by. Letter case is ignored: in doubt the key stays. */
function neverRevoked(alert: Alert, subject: string, patterns: readonly string[]): string | undefined {
  const { credential, principal, agent } = alert.actor ?? {};
  const names = [subject, credential, principal, agent]
    .filter((known) => known !== undefined)
    .map((known) => known.toLowerCase());
  return patterns.find((pattern) => names.some((known) => globMatches(pattern.toLowerCase(), known)));
}

function withheld(guard: Guard, reason: string): Decision {
  return { kind: "withheld", guard, reason: reason.slice(0, MAX_REASON_CHARS) };
}
