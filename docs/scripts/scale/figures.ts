/**
 * What the page about scale computes with. Everything that was measured says by what; everything else is an assumption
 * and says so. Change a figure, run `npm run generate`, and the page is another.
 */
export interface Figure {
  value: number;
  unit: string;
  /** Where it comes from: a bench by name, or `assumed` and why. */
  from: string;
}

const figure = (value: number, unit: string, from: string): Figure => ({ value, unit, from });

export const LOAD = {
  callsPerMonth: figure(10e9, "calls/month", "the question"),
  peakCallsPerSecond: figure(20_000, "calls/s", "the question"),
  recordsPerCall: figure(
    1.5,
    "records/call",
    "assumed: every second call may change something and has an intent",
  ),
  secondsPerMonth: figure(30 * 86_400, "s", "30 days"),
} as const;

/** CPU of one core for one record of about 1 KB, measured on a shared virtual machine with 2 cores. */
export const COST = {
  collectorUs: figure(17, "µs/record", "bench `ingest`"),
  detectorUs: figure(215, "µs/record", "bench `stage`, all shipped rules, dictated actions among them"),
  archiverUs: figure(80, "µs/record", "bench `archive`, ClickHouse's engine and the ledger included"),
} as const;

export const SIZE = {
  logBytes: figure(1_200, "B/record", "bench records: 1 KB, its key and headers; not compressed"),
  envelopeBytes: figure(84, "B/record", "bench `archive`, indexes included"),
  payloadBytes: figure(130, "B/record", "bench `archive`, indexes included; distinct payloads"),
} as const;

export const KEEP = {
  logDays: figure(7, "days", "default retention of topics"),
  payloadDays: figure(30, "days", "default retention of payloads"),
  envelopeDays: figure(400, "days", "default retention of envelopes"),
  logCopies: figure(3, "copies", "replication factor; two must be in sync"),
  storeCopies: figure(2, "copies", "assumed: two replicas of ClickHouse"),
} as const;

export const ROOM = {
  busy: figure(
    0.6,
    "of a core",
    "assumed: what a process may use at peak, so that it catches up after a fault",
  ),
  brokerMbPerSecond: figure(100, "MB/s", "assumed: what one broker takes, its share of copies included"),
  brokerVcpus: figure(8, "vCPU", "assumed: size of one broker"),
  keys: figure(100_000, "credentials", "assumed"),
  skew: figure(0.9, "", "assumed: exponent of the Zipf distribution of calls over credentials"),
} as const;

/** US dollars. Not looked up from a provider's price list: put in your own. */
export const PRICE = {
  vcpuMonth: figure(
    30,
    "$/vCPU and month",
    "assumed, November 2026: 0.041 $ an hour with its 2 to 4 GB of memory",
  ),
  blockGbMonth: figure(0.08, "$/GB and month", "assumed, November 2026: network block storage"),
  objectGbMonth: figure(0.023, "$/GB and month", "assumed, November 2026: object storage"),
  zoneGb: figure(0.02, "$/GB", "assumed, November 2026: between zones, both directions"),
} as const;
