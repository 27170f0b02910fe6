import type { Refusal } from "../interceptor.ts";
import type { JsonRpcError, RequestId } from "./json-rpc.ts";

/** Outside JSON-RPC's reserved range (-32768…-32000), so that no client takes it for a failure of the protocol. */
export const REFUSED_CODE = -31403;

/** The answer to a refused call. It is not an `isError` result: a model reads those as a hint to try again. */
export function refusalAnswer(id: RequestId, refusal: Refusal): JsonRpcError {
  return {
    jsonrpc: "2.0",
    id,
    error: {
      code: REFUSED_CODE,
      ...refusalText(refusal),
    },
  };
}

/** What a refused caller is told, whatever carries it. */
export function refusalText({ reason, scope, revocationId }: Refusal): {
  message: string;
  data: Record<string, unknown>;
} {
  return {
    message: `Refused by Tripline: ${reason}`,
    data: { reason, scope, revocation_id: revocationId, retryable: false },
  };
}
