import { type DrillSettings, type Http, secretsFrom } from "@tripline/response";

export type CanaryAnswer = "passed" | "refused" | "unanswered";
export type CanaryCall = (
  settings: NonNullable<DrillSettings["call"]>,
  signal: AbortSignal,
) => Promise<CanaryAnswer>;

const REFUSED_STATUS = 403; // how an interceptor refuses a key: see packages/interceptor, http-proxy/refusal.ts
const REFUSED_CODE = "TRIPLINE_PROXY_REFUSED";
const TOOL = "tripline_drill"; // no server has it: what is asked is whether the call reaches the server at all

/** Asks through an interceptor for a tool that nobody has, with the canary's key. Any answer of the server behind it is `passed`. */
export function canaryCall(http: Http, env: Readonly<Record<string, string | undefined>>): CanaryCall {
  const secret = secretsFrom(env);
  return async (settings, signal) => {
    try {
      const answer = await http.request(settings.url, {
        method: "POST",
        headers: {
          [settings.header]: `${settings.prefix}${secret(settings.secret)}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name: TOOL, arguments: {} },
        }),
        signal,
      });
      return answer.status === REFUSED_STATUS && answer.text.includes(REFUSED_CODE) ? "refused" : "passed";
    } catch {
      return "unanswered"; // why, is the network's: the drill fails either way, and the error names no address
    }
  };
}
