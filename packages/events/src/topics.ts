/** Topic names and record keys: what every producer and consumer must agree on. */
export const TOPICS = {
  events: "tripline.events",
  facts: "tripline.facts",
  alerts: "tripline.alerts",
  revocations: "tripline.revocations",
  state: "tripline.state",
  deadLetters: "tripline.dead-letters",
  erasures: "tripline.erasures",
  checkpoints: "tripline.checkpoints",
  triage: "tripline.triage",
  incidents: "tripline.incidents",
  controls: "tripline.controls",
  upstream: "tripline.upstream",
  verdicts: "tripline.verdicts",
} as const;

export const EVENTS_RETENTION_MS = 7 * 24 * 3600 * 1000; // the default retention of topics: 7 days

/** A verdict that nobody waits for any more says nothing: an hour is for people who look for what happened. */
export const VERDICTS_RETENTION_MS = 3600 * 1000;

export const EMBEDDED_PARTITIONS = 1; // one machine gains nothing from more
export const KAFKA_PARTITIONS = 12; // divides by 1, 2, 3, 4, 6 and 12 processes

/** What each topic is created with. */
export const TOPIC_CLEANUP = {
  [TOPICS.events]: "delete",
  [TOPICS.facts]: "delete",
  [TOPICS.alerts]: "delete",
  [TOPICS.revocations]: "compact",
  [TOPICS.state]: "compact",
  [TOPICS.deadLetters]: "delete",
  [TOPICS.erasures]: "compact",
  [TOPICS.checkpoints]: "compact",
  [TOPICS.triage]: "delete",
  [TOPICS.incidents]: "delete",
  [TOPICS.controls]: "compact",
  [TOPICS.upstream]: "compact",
  [TOPICS.verdicts]: "delete",
} as const;

/** Key of a record on the events topic: one credential's calls stay in order in one partition. */
export function eventKey(envelope: {
  tenant: string;
  producer: { id: string };
  actor?: { credential?: string | undefined } | undefined;
  session?: { id?: string | undefined } | undefined;
}): string {
  const credential = envelope.actor?.credential;
  if (credential !== undefined) return `${envelope.tenant}/${credential}`;
  return `${envelope.tenant}/${envelope.producer.id}/${envelope.session?.id ?? ""}`;
}

export function factKey(tenant: string, groupValue: string): string {
  return `${tenant}/${groupValue}`;
}

export function alertKey(tenant: string, alertId: string): string {
  return `${tenant}/${alertId}`;
}

export function revocationKey(entry: { tenant: string; scope: string; subject: string; id: string }): string {
  return `${entry.tenant}/${entry.scope}/${entry.subject}/${entry.id}`;
}

/** Key of an archived erasure, retention or hold: each stays for as long as there is anything to replay. */
export function erasureKey(record: { tenant: string; id: string }): string {
  return `${record.tenant}/${record.id}`;
}

/** All that belongs to one incident is in one partition, in order. */
export function triageKey(of: { tenant: string; rule: string; subject: string }): string {
  return `${of.tenant}/${of.rule}/${of.subject}`;
}

export function incidentKey(tenant: string, incidentId: string): string {
  return `${tenant}/${incidentId}`;
}

export function controlKey(control: { tenant: string; kind: string; id: string }): string {
  return `${control.tenant}/${control.kind}/${control.id}`;
}

/** Verdicts for one producer stay in order. */
export function verdictKey({ tenant, producer }: { tenant: string; producer: string }): string {
  return `${tenant}/${producer}`;
}

/** The revocation's own key, and the revoker. */
export function upstreamKey(of: {
  tenant: string;
  subject: string;
  revocation_id: string;
  revoker: string;
}): string {
  const { tenant, subject, revocation_id: id, revoker } = of;
  return `${revocationKey({ tenant, scope: "credential", subject, id })}/${revoker}`;
}
