import type { Alert, Halt, Proposal, Revocation } from "@tripline/events";
import { peopleNeeded } from "./approval.ts";
import { durationMs } from "./duration.ts";
import { globMatches } from "./glob.ts";
import type { Approval } from "./guard-config.ts";
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
  "not_approved",
  "halted",
  "limit",
] as const;
export type Guard = (typeof GUARDS)[number];

/** What to do about an alert. `none`: the rule is off here, or its revocation exists already; nothing to record. */
export type Decision =
  | { kind: "none"; reason: string }
  /** Guard `limit`: automatic revocation is to stop for the tenant until a person resumes it. */
  | { kind: "withheld"; guard: Guard; reason: string }
  | { kind: "would_revoke"; scope: AutomaticScope; subject: string; reason: string }
  /** Waits until so many different people have approved; nothing is refused until then. */
  | {
      kind: "propose";
      scope: AutomaticScope;
      subject: string;
      reason: string;
      needs: number;
      /** ms from the approval; undefined: until reinstated */
      expiresAfterMs: number | undefined;
    }
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
  /** What has to wait for several people; absent: nothing. */
  approval?: Approval | undefined;
  /** What was proposed under the alert's id, when there ever was one. */
  proposal?: Proposal | undefined;
  /** Why the tenant's automatic revocation stands still, and since when; one that was resumed is none. */
  halt?: Halt | undefined;
  /** `keyOf` of everything the policy took away from this tenant within the limit's minutes, and since it was last resumed. */
  recentKeys: ReadonlySet<string>;
  /** How many keys the tenant used lately, for the limit's percentage. Too few counted only lowers the limit. */
  activeKeys?: number | undefined;
}

// An alert that waited longer was held up by an outage or read again from the start of the topic: what it
// found may have been dealt with since, so a person looks first.
export const MAX_ALERT_AGE_MS = 24 * 3600 * 1000;

const MAX_REASON_CHARS = 1024; // of a revocation's and decision's reason

/** However few keys a tenant has, a percentage of them never forbids to take away the first. */
export const LEAST_KEYS_OF_PERCENT = 1;

/** What counts as one key for the limit. */
export function keyOf(entry: { scope: string; subject: string }): string {
  return `${entry.scope}/${entry.subject}`;
}

/**
 * Decides about one alert. Pure. All guards of automatic revocation are here and nowhere else: off unless the rule is
 * switched on for this tenant and credential; never again after reinstatement; never for rules about definitions, new
 * tools and exposure; only for a verified caller and only its own credential or session; never what is listed as
 * never_revoke; never for a stale alert; not while it stands still, never beyond the limit; never in a dry run; not before
 * enough people have approved. What an alert says in words is looked at by none of them: nobody's text takes a key away.
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
  const { halt, proposal } = situation;
  if (proposal?.closed !== undefined && proposal.closed.how !== "approved") {
    return withheld("not_approved", `it was proposed and ${proposal.closed.how}; it is not proposed again`);
  }
  if (proposal !== undefined) return { kind: "none", reason: "it waits for approval already" };
  const dryRun = config.dry_run || rule.dry_run === true;
  if (halt !== undefined && halt.resumed_at === undefined && !dryRun) {
    return withheld(
      "halted",
      `automatic revocation has stood still since ${halt.at}, until a person resumes it`,
    );
  }
  const allowed = allowedKeys(config.limit, situation.activeKeys);
  if (!situation.recentKeys.has(keyOf(target)) && situation.recentKeys.size >= allowed) {
    return withheld("limit", limitReason(config.limit, situation.recentKeys.size, allowed));
  }
  const reason = `rule ${alert.rule.id}: ${alert.rule.title}`.slice(0, MAX_REASON_CHARS);
  if (dryRun) return { kind: "would_revoke", ...target, reason };
  const asked = { tenant: alert.tenant, scope: target.scope, rule: alert.rule.id };
  const needs = peopleNeeded(situation.approval, asked);
  const expiresAfterMs = rule.expires_after === undefined ? undefined : durationMs(rule.expires_after);
  if (needs > 0) return { kind: "propose", ...target, reason, needs, expiresAfterMs };
  return { kind: "revoke", ...target, reason, expiresAfterMs };
}

/** How many keys may be taken away within the limit's minutes. @param active how many the tenant uses */
export function allowedKeys(limit: AutomaticRevocation["limit"], active: number | undefined): number {
  if (limit.percent === undefined) return limit.keys;
  const share = Math.floor(((active ?? 0) * limit.percent) / 100);
  return Math.min(limit.keys, Math.max(LEAST_KEYS_OF_PERCENT, share));
}

function limitReason(limit: AutomaticRevocation["limit"], taken: number, allowed: number): string {
  const share = allowed < limit.keys ? `, ${limit.percent} % of the keys in use` : "";
  return `${taken} keys were already revoked within ${limit.minutes} minutes (at most ${allowed}${share})`;
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
