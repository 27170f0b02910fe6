import { COST, KEEP, LOAD, PRICE, ROOM, SIZE } from "./figures.ts";
import { zipfShares } from "./zipf.ts";

const US = 1e-6;
const GB = 1e9;
const DAY_S = 86_400;
/** Partition counts worth having: they divide evenly among 2, 3, 4, 6 … processes. */
const PARTITION_COUNTS = [12, 24, 48, 96, 192, 384, 768, 1536, 3072];

export interface Needs {
  callsPerMonth: number;
  averageRecords: number;
  peakRecords: number;
  cores: { collector: number; detector: number; archiver: number };
  processes: { collector: number; detector: number; archiver: number };
  partitions: number;
  /** Records/s at peak of the credential that calls most, and what one detector can judge. */
  hottest: number;
  oneDetector: number;
  brokers: number;
  logTb: number;
  storeTb: number;
  money: { compute: number; logDisk: number; storeDisk: number; zones: number };
}

/** What so many times the load of the question needs. Processes are at least two, so that one may die. */
export function needs(times: number): Needs {
  const callsPerMonth = LOAD.callsPerMonth.value * times;
  const perCall = LOAD.recordsPerCall.value;
  const averageRecords = (callsPerMonth * perCall) / LOAD.secondsPerMonth.value;
  const peakRecords = LOAD.peakCallsPerSecond.value * times * perCall;
  const cores = {
    collector: peakRecords * COST.collectorUs.value * US,
    detector: peakRecords * COST.detectorUs.value * US,
    archiver: peakRecords * COST.archiverUs.value * US,
  };
  const processes = {
    collector: atLeastTwo(cores.collector),
    detector: atLeastTwo(cores.detector),
    archiver: atLeastTwo(cores.archiver),
  };
  const oneDetector = ROOM.busy.value / (COST.detectorUs.value * US);
  const shares = zipfShares(ROOM.keys.value, ROOM.skew.value);
  const hottest = peakRecords * (shares[0] ?? 0);
  const most = Math.max(processes.detector, processes.archiver);
  // Four for each process: a process that dies leaves its partitions to several.
  const partitions = PARTITION_COUNTS.find((count) => count >= most * 4) ?? most * 4;

  const copies = KEEP.logCopies.value;
  const brokers = Math.max(
    3,
    Math.ceil((peakRecords * SIZE.logBytes.value * copies) / (ROOM.brokerMbPerSecond.value * 1e6)),
  );
  const logGb = (averageRecords * KEEP.logDays.value * DAY_S * SIZE.logBytes.value * copies) / GB;
  const perDay = averageRecords * DAY_S;
  const storeGb =
    ((perDay * KEEP.envelopeDays.value * SIZE.envelopeBytes.value +
      perDay * KEEP.payloadDays.value * SIZE.payloadBytes.value) *
      KEEP.storeCopies.value) /
    GB;
  const vcpus =
    processes.collector + processes.detector + processes.archiver + brokers * ROOM.brokerVcpus.value;
  const zonesGb = (averageRecords * LOAD.secondsPerMonth.value * SIZE.logBytes.value * copies) / GB;
  return {
    callsPerMonth,
    averageRecords,
    peakRecords,
    cores,
    processes,
    partitions,
    hottest,
    oneDetector,
    brokers,
    logTb: logGb / 1000,
    storeTb: storeGb / 1000,
    money: {
      compute: vcpus * PRICE.vcpuMonth.value,
      logDisk: logGb * PRICE.blockGbMonth.value,
      storeDisk: storeGb * PRICE.blockGbMonth.value,
      zones: zonesGb * PRICE.zoneGb.value,
    },
  };
}

function atLeastTwo(cores: number): number {
  return Math.max(2, Math.ceil(cores / ROOM.busy.value));
}
