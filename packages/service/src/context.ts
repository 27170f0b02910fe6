import type { Tracer } from "@opentelemetry/api";
import type { Logger } from "pino";
import type { Registry } from "prom-client";

/** What every part is handed: the effects that are not its subject. */
export interface ServiceContext {
  logger: Logger;
  metrics: Registry;
  tracer: Tracer;
  /** ms since the epoch */
  now(): number;
}
