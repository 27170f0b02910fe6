/**
 * The systems that people are told through, one file each behind `Notifier`. To add one: a file that exports a `NotifierKind`,
 * its line in KINDS, and what docs/notifiers.md asks for. The responder and the CLI may import this.
 */
import { z } from "zod";
import type { Notifier } from "../notifier.ts";
import { alertmanager } from "./alertmanager.ts";
import { email } from "./email.ts";
import type { NotifierDeps } from "./kind.ts";
import { pagerduty } from "./pagerduty.ts";
import { slack } from "./slack.ts";
import { syslog } from "./syslog.ts";
import { teams } from "./teams.ts";
import { webhook } from "./webhook.ts";

export { type NotifierDeps, type NotifierKind, notifierName } from "./kind.ts";

const KINDS = [webhook, pagerduty, slack, teams, alertmanager, email, syslog] as const;

const [first, ...rest] = KINDS;
export const NOTIFIER_TYPES: readonly string[] = KINDS.map(({ type }) => type);

/** One entry of `notifiers` in `response.yaml`. */
export const notifierSchema = z.discriminatedUnion(
  "type",
  [first.schema, ...rest.map(({ schema }) => schema)],
  {
    error: (issue) =>
      issue.code === "invalid_union" ? `expected one of ${NOTIFIER_TYPES.join(", ")}` : undefined,
  },
);
export type NotifierConfig = z.infer<typeof notifierSchema>;

/** @throws TriplineError TRIPLINE_SECRET_UNREADABLE */
export function openNotifier(config: NotifierConfig, deps: NotifierDeps): Notifier {
  const kind = KINDS.find(({ type }) => type === config.type);
  if (kind === undefined) throw new TypeError(`no notifier has the type ${config.type}`);
  return kind.open(config, deps);
}
