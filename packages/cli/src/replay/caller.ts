import type { ConnectedInterceptor } from "@tripline/interceptor";
import { parseCredential } from "../connection/credential.ts";
import type { Trace } from "./trace-file.ts";

/** A producer whose key proves the credential may say `verified`; otherwise it is only asserted. */
export function callerOf(
  options: { credential: string; principal?: string | undefined },
  interceptor: Pick<ConnectedInterceptor, "settings">,
) {
  return (trace: Trace) => {
    const credential = parseCredential(
      filled(options.credential, trace, (value) => value.replaceAll(/[\s/]+/g, "-")),
    );
    const proven = interceptor.settings()?.credentials?.includes(credential) === true;
    return {
      credential,
      assurance: proven ? ("verified" as const) : ("asserted" as const),
      agent: trace.model,
      client: "replay",
      principal: options.principal === undefined ? undefined : filled(options.principal, trace, String),
    };
  };
}

function filled(template: string, trace: Trace, fit: (value: string) => string): string {
  const known: Record<string, string | undefined> = {
    suite: trace.suite,
    model: trace.model,
    user_task: trace.user_task,
    trace: trace.trace,
  };
  return template.replaceAll(/\{(\w+)\}/g, (whole, key: string) => fit(known[key] ?? whole));
}
