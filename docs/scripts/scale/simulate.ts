import { COST, LOAD, ROOM } from "./figures.ts";
import { partitionShares, zipfShares } from "./zipf.ts";

const STEP_S = 0.01;
const US = 1e-6;
const MINUTE_S = 60;
const BURST_EVERY_S = 20; // agents start together: on the hour, after a deploy
const BURST_S = 2;
const BURST_TIMES = 2; // of the peak rate
const LEADERLESS_S = 6; // until the partitions of a lost broker have other leaders
const REBALANCE_S = 12; // until the partitions of a dead detector have other owners
const LEADER_SHARE = 3; // brokers: each leads a third of the partitions

export interface Scenario {
  name: string;
  /** Multiple of the question's peak. */
  times: number;
  partitions: number;
  detectors: number;
  bursts?: boolean;
  brokerLost?: boolean;
  detectorLost?: boolean;
}

export interface Outcome {
  scenario: Scenario;
  /** s from a record's arrival to its judgement */
  delayP50: number;
  delayP99: number;
  delayWorst: number;
  /** most records that waited at once: in interceptors' spools, and in the log before the detectors */
  mostSpooled: number;
  mostWaiting: number;
  /** share of a core that the busiest detector used */
  busiest: number;
}

/**
 * Three minutes at peak in steps of 10 ms: records arrive by Zipf over credentials, wait in spools while their
 * partition has no leader, then in the log until their detector, one core, comes to them. Partitions of one detector share it evenly
 * by what waits. Faults come at the start of the second minute. No random: arrivals are fluid.
 */
export function simulate(scenario: Scenario): Outcome {
  const { times, partitions, detectors } = scenario;
  const rate = LOAD.peakCallsPerSecond.value * LOAD.recordsPerCall.value * times;
  const shares = partitionShares(zipfShares(ROOM.keys.value, ROOM.skew.value), partitions);
  const perStep = STEP_S / (COST.detectorUs.value * US); // records one core judges in a step
  const spooled = shares.map(() => 0);
  const queues = shares.map(() => new Queue());
  const owned = (sinceFault: number): Queue[][] =>
    Array.from({ length: detectors }, (_, d) =>
      queues.filter((_queue, p) => ownerOf(p, scenario, sinceFault) === d),
    );
  const [before, after] = [owned(0), owned(REBALANCE_S)];
  const used = Array.from({ length: detectors }, () => 0);
  const delays = new Delays();
  let mostSpooled = 0;
  let mostWaiting = 0;
  const steps = (3 * MINUTE_S) / STEP_S;

  for (let step = 0; step < steps; step++) {
    const now = step * STEP_S;
    const sinceFault = now - MINUTE_S;
    const isLeaderless = scenario.brokerLost === true && sinceFault >= 0 && sinceFault < LEADERLESS_S;
    const isBurst = scenario.bursts === true && now % BURST_EVERY_S < BURST_S;
    const arriving = rate * STEP_S * (isBurst ? BURST_TIMES : 1);
    for (const [p, share] of shares.entries()) {
      const arrived = arriving * share;
      if (isLeaderless && p % LEADER_SHARE === 0) {
        spooled[p] = (spooled[p] ?? 0) + arrived;
        continue;
      }
      const kept = spooled[p] ?? 0;
      if (kept > 0) queues[p]?.add(MINUTE_S, kept); // arrived, at the worst, when the broker went
      spooled[p] = 0;
      queues[p]?.add(now, arrived);
    }
    const isRebalanced = sinceFault >= REBALANCE_S;
    for (let d = 0; d < detectors; d++) {
      const isDead = scenario.detectorLost === true && d === 0 && sinceFault >= 0;
      if (isDead) continue;
      const own = (isRebalanced ? after : before)[d] ?? [];
      const waiting = own.reduce((sum, queue) => sum + queue.records, 0);
      if (waiting === 0) continue;
      const part = Math.min(1, perStep / waiting);
      for (const queue of own) queue.take(queue.records * part, now + STEP_S, delays);
      used[d] = (used[d] ?? 0) + (waiting * part) / perStep;
    }
    mostSpooled = Math.max(mostSpooled, sum(spooled));
    mostWaiting = Math.max(mostWaiting, sum(queues.map((queue) => queue.records)));
  }
  for (const queue of queues) queue.take(queue.records, steps * STEP_S, delays);
  return {
    scenario,
    delayP50: delays.quantile(0.5),
    delayP99: delays.quantile(0.99),
    delayWorst: delays.quantile(1),
    mostSpooled,
    mostWaiting,
    busiest: Math.max(...used) / steps,
  };
}

/** Partitions go round; those of the dead detector 0 go to the others after the rebalance. */
function ownerOf(partition: number, { detectors, detectorLost }: Scenario, sinceFault: number): number {
  const owner = partition % detectors;
  if (detectorLost !== true || owner !== 0 || sinceFault < REBALANCE_S || detectors === 1) return owner;
  return 1 + (Math.floor(partition / detectors) % (detectors - 1));
}

/** First in, first out, of amounts with their arrival. */
class Queue {
  #amounts: { at: number; records: number }[] = [];
  #head = 0;
  records = 0;

  add(at: number, records: number): void {
    if (records <= 0) return;
    this.#amounts.push({ at, records });
    this.records += records;
  }

  take(records: number, now: number, delays: Delays): void {
    let left = records;
    while (left > 1e-9) {
      const first = this.#amounts[this.#head];
      if (first === undefined) break;
      const taken = Math.min(left, first.records);
      delays.add(now - first.at, taken);
      first.records -= taken;
      this.records -= taken;
      left -= taken;
      if (first.records <= 1e-9) this.#head += 1;
    }
    if (this.#head > 1000) {
      this.#amounts = this.#amounts.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** How many records waited how long, to a step. */
class Delays {
  readonly #records: number[] = [];
  #sum = 0;

  add(delay: number, records: number): void {
    const steps = Math.round(delay / STEP_S);
    this.#records[steps] = (this.#records[steps] ?? 0) + records;
    this.#sum += records;
  }

  /** s that this share of the records did not wait longer than */
  quantile(share: number): number {
    const goal = this.#sum * share * (1 - 1e-9); // sums of fractions
    let seen = 0;
    for (let steps = 0; steps < this.#records.length; steps++) {
      seen += this.#records[steps] ?? 0;
      if (seen >= goal) return steps * STEP_S;
    }
    return 0;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
