import { createWitness, openWitnessState, type Signer } from "@tripline/ledger";
import {
  createHttpServer,
  healthOf,
  operatorRoutes,
  type Part,
  type ServiceContext,
} from "@tripline/service";
import { openWatchedLogs } from "./watched-logs.ts";
import { stateDirectory } from "./witness-keys.ts";
import { witnessRoutes } from "./witness-routes.ts";

export interface WitnessOptions {
  directory: string;
  logsFile: string;
  signers: readonly Signer[];
  listen: { host: string; port: number };
  publicHosts: readonly string[];
  context: ServiceContext;
  /** Aborted to end it in good order. */
  signal: AbortSignal;
  /** Called when it listens. */
  onReady(url: string): void;
}

/**
 * Serves until `signal` is aborted. Rejects when it can't start, and with what kept it from remembering: then it has to be
 * started again, so that it reads what is really on the disk.
 */
export async function runWitness(options: WitnessOptions): Promise<void> {
  const { context, signers, signal } = options;
  const memory = await openWitnessState(stateDirectory(options.directory));
  const watched = await openWatchedLogs(options.logsFile, context.logger);
  const witness = createWitness({ logs: watched.logs, memory, signers });
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined); // also heard below; here only so that it is never unhandled

  const http = createHttpServer({
    ...options.listen,
    publicHosts: options.publicHosts,
    allowedOrigins: [],
    context,
  });
  const parts: Part[] = [http.part, watched.part];
  await http.app.register(operatorRoutes({ parts: () => parts, metrics: context.metrics }));
  await http.app.register(
    witnessRoutes({
      witness,
      verifierKeys: signers.map(({ verifierKey }) => verifierKey),
      context,
      onBroken: broken.reject,
    }),
  );
  try {
    for (const part of parts) await part.start();
    context.logger.info(
      { url: http.url(), logs: watched.logs().size, ready: healthOf(parts).ready },
      "the witness listens",
    );
    options.onReady(http.url());
    await Promise.race([aborted(signal), broken.promise]);
  } finally {
    for (const part of [...parts].reverse()) await part.stop();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
