import { connectInterceptor, type InterceptorPolicyInput } from "@tripline/interceptor";
import {
  createHttpProxy,
  createIdentityProviders,
  denyListAccess,
  loadIdentityConfig,
} from "@tripline/interceptor/http-proxy";
import type { IngestConnection } from "../connection/ingest.ts";

const CLOSE_TIMEOUT_MS = 5_000;

export interface HttpOptions {
  ingest: IngestConnection;
  /** Goes before what the collector says. */
  policy?: InterceptorPolicyInput | undefined;
  listen: { host: string; port: number };
  upstream: string;
  server: string;
  identity?: string | undefined;
  publicUrl?: string | undefined;
  environment?: string | undefined;
  signal: AbortSignal;
  warn(message: string): void;
  /** Called when it listens. */
  onReady(url: string): void;
}

/** Stands before a Streamable HTTP server until `signal` is aborted. @throws TriplineError for a wrong identity file */
export async function runHttp(options: HttpOptions): Promise<void> {
  const { warn } = options;
  const onWarning = (warning: { message: string }) => warn(warning.message);
  const config = options.identity === undefined ? null : loadIdentityConfig(options.identity);
  const interceptor = await connectInterceptor({
    ...options.ingest,
    policy: options.policy,
    enforcement: "enforced",
    onWarning,
  });
  const proxy = createHttpProxy({
    listen: options.listen,
    upstream: options.upstream,
    server: options.server,
    interceptor,
    identity: config === null ? [] : createIdentityProviders(config, onWarning),
    requireIdentity: config?.require_identity ?? false,
    access: denyListAccess(interceptor.denyList, interceptor.redactionKeys),
    publicUrl: options.publicUrl,
    environment: options.environment,
    onWarning,
  });
  try {
    await proxy.start();
    options.onReady(proxy.url);
    await aborted(options.signal);
  } finally {
    await proxy.stop();
    await interceptor.close(CLOSE_TIMEOUT_MS);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
