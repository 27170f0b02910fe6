import { type Incident, incidentSchema, TOPICS, TriplineError } from "@tripline/events";
import { afterEach, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { anAlert, Bench } from "../testing/bench.ts";

const PORT = 20785;
const YAML = "automatic_revocation: {rules: {send: {enabled: true}}}\nescalation: []\n";
const KILLED = new TriplineError("TRIPLINE_STREAM_CLOSED", "killed", { kind: "permanent" });
/** What a responder writes for one alert, in this order, beside its snapshots. */
const TOPICS_OF_AN_ALERT = [TOPICS.revocations, TOPICS.events, TOPICS.triage, TOPICS.incidents] as const;

let bench: Bench;
afterEach(() => bench.remove());

async function versions(): Promise<Incident[]> {
  const found: Incident[] = [];
  for (const { partition, earliest, next } of await bench.log.offsets(TOPICS.incidents)) {
    await bench.log.scan(
      { topic: TOPICS.incidents, partition, from: earliest, to: next },
      async (records) => {
        for (const { value } of records) {
          found.push(incidentSchema.parse(JSON.parse(new TextDecoder().decode(value ?? undefined))));
        }
      },
    );
  }
  return found;
}

const CASES = TOPICS_OF_AN_ALERT.flatMap((topic) =>
  (["before", "after"] as const).flatMap((when) => [1, 3].map((write) => ({ topic, when, write }))),
);

test.each(CASES)(
  "killed $when write $write to $topic: each alert counts once, and nothing is told anew",
  async (at) => {
    bench = await Bench.create(PORT, YAML);
    const produce = bench.log.produce.bind(bench.log);
    let isDead = false;
    let writes = 0;
    bench.log.produce = async (topic, records) => {
      if (isDead) throw KILLED;
      if (topic === at.topic) writes += 1;
      const isLast = topic === at.topic && writes === at.write;
      isDead = isLast;
      if (isLast && at.when === "before") throw KILLED;
      const positions = await produce(topic, records);
      if (isLast) throw KILLED;
      return positions;
    };
    await bench.start();
    const alerts = ["a", "b", "a", "c"].map((key) =>
      anAlert({ actor: { credential: `local:${key}`, assurance: "verified" } }),
    );
    for (const [index, alert] of alerts.entries()) {
      await produce(TOPICS.alerts, [{ key: alert.id, value: Buffer.from(JSON.stringify(alert)) }]);
      // One batch each, so that there are writes to be killed at.
      await waitFor(async () => {
        const next = (await bench.log.committed(TOPICS.alerts, "responder")).get(0)?.offset ?? 0;
        return isDead || next === index + 1;
      });
    }
    await waitFor(() => isDead, { what: "the kill" });
    await bench.stop();
    bench.log.produce = produce;
    await bench.start();
    const all = await waitFor(async () => {
      const found = await versions();
      const latest = new Map(found.map((version) => [version.id, version]));
      const counted = [...latest.values()].reduce((sum, { alerts: count }) => sum + count, 0);
      return counted === alerts.length ? found : null;
    });
    const byName = Map.groupBy(all, ({ id, version }) => `${id} ${version}`);
    for (const [first, ...again] of byName.values()) for (const each of again) expect(each).toEqual(first);
    const latest = new Map(all.map((version) => [version.id, version]));
    expect([...latest.values()].map(({ subject, alerts: count }) => `${subject} ${count}`).sort()).toEqual([
      "credential=local:a 2",
      "credential=local:b 1",
      "credential=local:c 1",
    ]);
    expect([...latest.values()].every(({ done }) => done.kind === "revoked")).toBe(true);
    const notices = new Set(
      all.flatMap(({ id, notice }) => (notice === undefined ? [] : [`${id} ${notice.number}`])),
    );
    expect(notices.size).toBe(3);
  },
);
