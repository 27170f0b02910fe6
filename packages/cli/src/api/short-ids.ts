import { CommandFailed, EXIT } from "../exit.ts";
import { alertsAnswer, revocationsAnswer } from "./answers.ts";
import type { ApiClient } from "./client.ts";
import { deadLettersAnswer } from "./dead-letter-answers.ts";
import { incidentsAnswer } from "./incident-answers.ts";

const FULL_ID = /^([0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const SHORTEST = 6; // hex digits; fewer are a typing slip
const LOOKED_AT = 500; // the latest ones; older ones need the whole id

/** The whole id of an alert that begins so, among the latest ones. */
export async function wholeAlertId(client: ApiClient, id: string): Promise<string> {
  if (FULL_ID.test(id)) return id;
  const { alerts } = await client.request("GET", "/api/alerts", alertsAnswer, {
    query: { limit: LOOKED_AT },
  });
  return onlyOne(
    id,
    alerts.map((alert) => alert.id),
    "alert",
  );
}

/** The whole id of an incident that begins so, among those with the latest alerts. */
export async function wholeIncidentId(client: ApiClient, id: string): Promise<string> {
  if (FULL_ID.test(id)) return id;
  const { incidents } = await client.request("GET", "/api/incidents", incidentsAnswer, {
    query: { limit: LOOKED_AT },
  });
  return onlyOne(
    id,
    incidents.map((incident) => incident.id),
    "incident",
  );
}

/** The whole id of a revocation that begins so, among the latest ones. */
export async function wholeRevocationId(client: ApiClient, id: string): Promise<string> {
  if (FULL_ID.test(id)) return id;
  const { revocations } = await client.request("GET", "/api/revocations", revocationsAnswer, {
    query: { limit: LOOKED_AT },
  });
  return onlyOne(
    id,
    revocations.map((revocation) => revocation.id),
    "revocation",
  );
}

/** The whole id of a dead letter that begins so, among the latest ones in any state. */
export async function wholeDeadLetterId(client: ApiClient, id: string): Promise<string> {
  if (FULL_ID.test(id)) return id;
  const { dead_letters } = await client.request("GET", "/api/dead-letters", deadLettersAnswer, {
    query: { limit: LOOKED_AT },
  });
  return onlyOne(
    id,
    dead_letters.map((letter) => letter.id),
    "dead letter",
  );
}

/** The one of these that begins so. @throws CommandFailed where there is none, or several */
export function onlyOne(start: string, ids: readonly string[], what: string): string {
  const found = start.length < SHORTEST ? [] : ids.filter((id) => id.startsWith(start));
  const [first] = found;
  if (first === undefined) {
    throw new CommandFailed(
      EXIT.not_found,
      `no ${what} begins with "${start}" (give at least ${SHORTEST} digits)`,
    );
  }
  if (found.length > 1)
    throw new CommandFailed(EXIT.usage, `several ${what}s begin with "${start}": give more digits`);
  return first;
}
