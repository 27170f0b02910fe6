import { TriplineError } from "@tripline/events";
import type { FastifyInstance, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { HttpError } from "../http-error.ts";

const RETRY_AFTER_SECONDS = "1"; // a log or store that was restarted is back within seconds

/** Codes for what Fastify itself refuses. */
const CODES = new Map([
  [413, "TRIPLINE_BODY_TOO_LARGE"],
  [415, "TRIPLINE_MEDIA_TYPE"],
]);

/** Our own errors that are the caller's to mend, wherever they are thrown. */
const CALLER_ERRORS = new Map([["TRIPLINE_ACCESS_EXISTS", 409]]);

/** How every error looks on the wire. */
export interface ErrorBody {
  error: { code: string; message: string };
}

/** Errors as `{"error":{"code","message"}}`. An unknown error is logged and its words are kept from the caller. */
export function addErrorHandling(app: FastifyInstance): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    if (error instanceof HttpError)
      return send(reply.headers({ ...error.headers }), error.status, error.code, error.message);
    if (error instanceof TriplineError && error.kind === "retriable") {
      // Without its stack: while a log or store is away, every request ends here.
      request.log.warn({ code: error.code, reason: error.message }, "can't answer now");
      return send(reply.header("retry-after", RETRY_AFTER_SECONDS), 503, error.code, error.message);
    }
    const callerError = error instanceof TriplineError ? CALLER_ERRORS.get(error.code) : undefined;
    if (error instanceof TriplineError && callerError !== undefined) {
      return send(reply, callerError, error.code, error.message);
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      const issues = error.validation.map(
        (issue) => `${issue.instancePath || "/"}: ${issue.message ?? "invalid"}`,
      );
      return send(
        reply,
        400,
        "TRIPLINE_REQUEST_INVALID",
        `${error.validationContext ?? "request"} ${issues.join("; ")}`,
      );
    }
    const status = statusOf(error);
    if (status !== null && status < 500 && error instanceof Error) {
      return send(reply, status, CODES.get(status) ?? "TRIPLINE_REQUEST_INVALID", error.message);
    }
    request.log.error({ err: error }, "a request failed");
    const code = error instanceof TriplineError ? error.code : "TRIPLINE_INTERNAL";
    return send(reply, 500, code, `something went wrong here; the log has it under request ${request.id}`);
  });
  app.setNotFoundHandler((_request, reply) =>
    send(reply, 404, "TRIPLINE_NOT_FOUND", "there is nothing here"),
  );
}

function send(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  const body: ErrorBody = { error: { code, message } };
  return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(body));
}

/** The status of Fastify's own errors, e.g. 413 and 415. */
function statusOf(error: unknown): number | null {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : null;
}
