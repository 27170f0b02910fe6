import { createDetection, type DetectionInput, type Rule, splitRules } from "@tripline/detection";
import { type Alert, alertSchema, TOPICS } from "@tripline/events";
import type { Log } from "@tripline/stream";

/** All alerts as JSON, without when they were detected, by id. */
export function plainAlerts(alerts: readonly Alert[]): string[] {
  return alerts.map(({ detected_at: _, ...alert }) => JSON.stringify(alert)).sort();
}

/** What the two stages say when all is there and in order: the second one over the facts, sorted. */
export function expectedAlerts(rules: readonly Rule[], inputs: readonly DetectionInput[]): Alert[] {
  const { first, second } = splitRules(rules);
  const feeding = createDetection(first, { feeds: second });
  const fed = createDetection(second, { secondStage: true });
  const feedingState = feeding.initialState();
  const alerts: Alert[] = [];
  const facts = inputs.flatMap((input) => {
    const found = feeding.step(feedingState, input);
    alerts.push(...found.alerts);
    return found.facts.map((fact) => ({ ...fact, appendTime: input.appendTime }));
  });
  const order = ({ record: { envelope }, group }: (typeof facts)[number]) =>
    `${envelope.time} ${envelope.id} ${group}`;
  facts.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const fedState = fed.initialState();
  for (const { record, appendTime, rules: ids } of facts) {
    alerts.push(...fed.step(fedState, { record, appendTime, rules: ids }).alerts);
  }
  return alerts;
}

/** All of the alerts topic, repeated ones too. */
export async function readAlerts(log: Log): Promise<Alert[]> {
  const alerts: Alert[] = [];
  for (const { partition, next } of await log.offsets(TOPICS.alerts)) {
    await log.scan({ topic: TOPICS.alerts, partition, from: 0, to: next }, async (records) => {
      for (const { value } of records) {
        alerts.push(alertSchema.parse(JSON.parse(new TextDecoder().decode(value ?? undefined))));
      }
    });
  }
  return alerts;
}
