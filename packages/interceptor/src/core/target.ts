import type { Target } from "../interceptor.ts";
import { printableName } from "./printable.ts";

/** The target as records have it: printable, its keys in the schema's order. Server and tool are printable already. */
export function recordedTarget(
  target: Target,
  server: string,
  tool: string | undefined,
  definition: string | undefined,
): Target {
  return {
    server,
    tool,
    definition: target.definition ?? definition,
    upstream: printableName(target.upstream),
    upstream_env: printableName(target.upstream_env),
    transport: target.transport,
    environment: printableName(target.environment),
  };
}
