import { constants } from "node:os";
import {
  connectInterceptor,
  type InterceptorPolicyInput,
  runStdioProxy,
  stdioEnforcement,
} from "@tripline/interceptor";
import type { IngestConnection } from "../connection/ingest.ts";
import { CommandFailed, EXIT } from "../exit.ts";

const OWN_SECRETS = ["TRIPLINE_INGEST_KEY", "TRIPLINE_TOKEN"]; // the wrapped server has no business with them
const CLOSE_TIMEOUT_MS = 2_000; // an MCP client waits about so long before it kills; what is left is sent at the next start

export interface StdioOptions {
  ingest: IngestConnection;
  /** Goes before what the collector says. */
  policy?: InterceptorPolicyInput | undefined;
  credential: string;
  server: string;
  command: string;
  args: readonly string[];
  principal?: string | undefined;
  agent?: string | undefined;
  environment?: string | undefined;
  upstreamEnv?: string | undefined;
  enforced: boolean;
  warn(message: string): void;
}

/** Wraps a stdio server; nothing but the protocol is written to standard output. Resolves with the server's exit code. */
export async function runStdio(options: StdioOptions): Promise<number> {
  const { ingest, credential, warn } = options;
  for (const name of OWN_SECRETS) delete process.env[name];
  const onWarning = (warning: { message: string }) => warn(warning.message);
  const interceptor = await connectInterceptor({
    ...ingest,
    policy: options.policy,
    enforcement: stdioEnforcement(options.enforced),
    onWarning,
  });
  const proven = interceptor.settings()?.credentials?.includes(credential) === true;
  try {
    const exit = await runStdioProxy({
      interceptor,
      command: options.command,
      args: options.args,
      server: options.server,
      caller: {
        credential,
        assurance: proven ? "verified" : "asserted",
        principal: options.principal,
        agent: options.agent,
      },
      upstreamEnv: options.upstreamEnv,
      environment: options.environment,
      onWarning,
    });
    return exit.code ?? 128 + (exit.signal === null ? 0 : constants.signals[exit.signal]);
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    throw new CommandFailed(EXIT.failure, `${options.command} can't be started: ${cause.message}`, cause);
  } finally {
    await interceptor.close(CLOSE_TIMEOUT_MS);
  }
}
