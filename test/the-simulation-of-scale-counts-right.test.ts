import { expect, it } from "vitest";
import { needs } from "../docs/scripts/scale/needs.ts";
import { simulate } from "../docs/scripts/scale/simulate.ts";
import { partitionShares, zipfShares } from "../docs/scripts/scale/zipf.ts";

const { partitions, processes } = needs(1);
const base = { name: "", times: 1, partitions };
const enough = processes.detector;

it("shares of keys and of partitions sum to one, the largest first", () => {
  const keys = zipfShares(1000, 0.9);
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  expect(total(keys)).toBeCloseTo(1);
  expect(total(partitionShares(keys, 24))).toBeCloseTo(1);
  expect(keys).toEqual([...keys].sort((a, b) => b - a));
});

it("a detector that is slower than what comes falls behind, and enough of them do not", () => {
  expect(simulate({ ...base, detectors: 1 }).delayWorst).toBeGreaterThan(60);
  expect(simulate({ ...base, detectors: enough }).delayWorst).toBeLessThan(0.1);
});

it("what a lost broker's partitions miss for six seconds waits in the spools, and no longer", () => {
  const lost = simulate({ ...base, detectors: enough, brokerLost: true });
  const third = (30_000 * 6) / 3;
  expect(lost.mostSpooled).toBeGreaterThan(third * 0.7);
  expect(lost.mostSpooled).toBeLessThan(third * 1.3);
  expect(lost.delayWorst).toBeGreaterThan(6);
});

it("a dead detector's partitions wait for the rebalance", () => {
  expect(simulate({ ...base, detectors: enough, detectorLost: true }).delayWorst).toBeGreaterThan(12);
});

it("a hundred times the load needs a hundred times the cores, and not fewer disks", () => {
  const [one, hundred] = [needs(1), needs(100)];
  expect(hundred.cores.detector / one.cores.detector).toBeCloseTo(100);
  expect(hundred.logTb / one.logTb).toBeCloseTo(100);
  expect(hundred.partitions).toBeGreaterThanOrEqual(hundred.processes.detector);
});
