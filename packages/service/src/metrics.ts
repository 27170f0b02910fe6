import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const EVENT_LOOP_PRECISION_MS = 2; // what is measured is never less; the default of 10 hides most of what a goal of 50 is about

/** Names start with `tripline_` and end with the unit, as Prometheus has it: `_seconds`, `_bytes`, `_total`. */
export type MetricName = `tripline_${string}`;

interface About<L extends string> {
  name: MetricName;
  help: string;
  labels?: readonly L[];
}

/**
 * A registry for one process (or worker thread). `process: true` adds Node's own metrics: CPU, memory, garbage
 * collection and event-loop delay (`nodejs_eventloop_lag_p99_seconds`).
 */
export function createMetrics(options: { service: string; process?: boolean }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  if (options.process === true)
    collectDefaultMetrics({ eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS, register: registry });
  return registry;
}

/** A counter of this registry; the same one when a part asks again. */
export function counter<L extends string = never>(registry: Registry, about: About<L>): Counter<L> {
  const known = registry.getSingleMetric(about.name);
  if (known instanceof Counter) return known;
  return new Counter({
    name: about.name,
    help: about.help,
    labelNames: about.labels ?? [],
    registers: [registry],
  });
}

/** A gauge of this registry; the same one when a part asks again. */
export function gauge<L extends string = never>(registry: Registry, about: About<L>): Gauge<L> {
  const known = registry.getSingleMetric(about.name);
  if (known instanceof Gauge) return known;
  return new Gauge({
    name: about.name,
    help: about.help,
    labelNames: about.labels ?? [],
    registers: [registry],
  });
}

/** From a LMDB commit (under 1 ms) to a request that hits its deadline (10 s). */
const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A histogram of this registry, of seconds unless `buckets` says otherwise; the same one when a part asks again. */
export function histogram<L extends string = never>(
  registry: Registry,
  about: About<L> & { buckets?: readonly number[] },
): Histogram<L> {
  const known = registry.getSingleMetric(about.name);
  if (known instanceof Histogram) return known;
  return new Histogram({
    name: about.name,
    help: about.help,
    labelNames: about.labels ?? [],
    buckets: [...(about.buckets ?? SECONDS_BUCKETS)],
    registers: [registry],
  });
}
