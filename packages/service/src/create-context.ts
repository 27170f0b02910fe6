import type { ServiceContext } from "./context.ts";
import { createLogger, type LineSink, type LogLevel } from "./logging.ts";
import { createMetrics } from "./metrics.ts";
import { createTracing } from "./tracing.ts";

export interface ContextOptions {
  /** e.g. `standalone`; names the service in logs, metrics and spans */
  service: string;
  /** default `info` */
  logLevel?: LogLevel;
  /** base URL of an OTLP/HTTP receiver; without one spans go nowhere */
  otlpEndpoint?: string | undefined;
  /** Node's own metrics; once a process. Default false. */
  processMetrics?: boolean;
  /** where log lines go; default standard error */
  sink?: LineSink;
  /** default `Date.now` */
  now?(): number;
}

/**
 * What parts are handed. `close` sends the last spans; call it after the last part has stopped.
 * For tests: `createContext({ service: "test", logLevel: "silent" })`.
 */
export function createContext(options: ContextOptions): ServiceContext & { close(): Promise<void> } {
  const { service } = options;
  const tracing = createTracing({ service, endpoint: options.otlpEndpoint });
  return {
    logger: createLogger({
      service,
      ...(options.logLevel === undefined ? {} : { level: options.logLevel }),
      ...(options.sink === undefined ? {} : { sink: options.sink }),
    }),
    metrics: createMetrics({ service, process: options.processMetrics ?? false }),
    tracer: tracing.tracer,
    now: options.now ?? Date.now,
    close: tracing.close,
  };
}
