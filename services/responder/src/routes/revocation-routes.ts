import { randomBytes } from "node:crypto";
import {
  credentialId,
  REVOCATION_SCOPES,
  type Redactor,
  type Revocation,
  revocationSchema,
  type SignedRevocation,
  sha256Hex,
  uuidv7,
} from "@tripline/events";
import { peopleNeeded } from "@tripline/response";
import {
  accessOf,
  type Guards,
  HttpError,
  looksSecret,
  type RedactionKeys,
  redactorOf,
  type ServiceContext,
} from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { type DecisionRecords, decisionOf } from "../decision-records.ts";
import type { InFlightCall } from "../enforcement/in-flight.ts";
import type { TenantGuards } from "../guards/tenant-guards.ts";
import type { IncidentDesk } from "../incidents/index.ts";
import type { RevocationView } from "../revoke/revocation-view.ts";
import type { RevocationWriter } from "../revoke/revocation-writer.ts";
import { printable } from "./printable.ts";

export interface RevocationRoutesDeps {
  view: RevocationView;
  writer: RevocationWriter;
  tenantGuards: TenantGuards;
  incidents: IncidentDesk;
  records: DecisionRecords;
  secrets: RedactionKeys;
  context: ServiceContext;
  guards: Guards;
}

const MAX_TEXT_CHARS = 1024; // the limit of a revocation's subject and reason

const revokeBody = z
  .strictObject({
    scope: z.enum(REVOCATION_SCOPES),
    subject: printable.describe(
      "credential id; session id; agent; principal's subject id; server/tool; server",
    ),
    reason: printable.describe("why; whoever is refused may be told"),
    expires_at: z.iso.datetime({ offset: true }).optional().describe("absent: until it is reinstated"),
    alert_id: sha256Hex.optional().describe("the alert that made somebody decide"),
  })
  .superRefine(({ scope, subject }, context) => {
    const wrong =
      scope === "credential"
        ? credentialId.safeParse(subject).error?.issues[0]?.message
        : scope === "tool" && !/^[^/]+\/.+$/.test(subject)
          ? "expected server/tool"
          : undefined;
    if (wrong !== undefined) context.addIssue({ code: "custom", path: ["subject"], message: wrong });
  });

const signedAnswer = revocationSchema.extend({ key_id: z.string(), signature: z.string() });
const revokedAnswer = signedAnswer.extend({
  in_flight: z
    .array(
      z.object({
        record_id: z.string(),
        server: z.string().optional(),
        tool: z.string().optional(),
        started: z.string(),
      }),
    )
    .optional()
    .describe("calls that had begun and not ended: they may still take effect"),
});
const waitingAnswer = z.object({
  proposal_id: z.string(),
  needs: z.number().describe("how many different people; whoever proposed it is one of them"),
  until: z.string().describe("when it lapses"),
});
const reinstatedAnswer = signedAnswer.extend({
  still_refused_by: z.array(z.string()).describe("ids of other live revocations of the same subject"),
});

/** `POST /api/revocations` and `POST /api/revocations/:id/reinstate`, for the token's own tenant. */
export function revocationRoutes(deps: RevocationRoutesDeps): FastifyPluginAsync {
  const { view, writer, tenantGuards, incidents, records, secrets, context, guards } = deps;
  const onRequest = guards.requireRole("respond");

  async function write(
    entry: Revocation,
    by: string,
    reason: string,
  ): Promise<SignedRevocation & { in_flight?: InFlightCall[] }> {
    const signed = await writer.write(entry);
    const inFlight = entry.state === "active" ? tenantGuards.inFlight(entry) : [];
    await records.write(entry.tenant, decisionOf(entry, by, reason));
    await incidents.triage.revocation(entry, by, inFlight);
    context.logger.info(
      { revocation: entry.id, state: entry.state, by },
      "a person decided about a revocation",
    );
    return inFlight.length === 0 ? signed : { ...signed, in_flight: inFlight };
  }

  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "POST",
      url: "/api/revocations",
      onRequest,
      schema: {
        summary: "Refuse a scope from now on",
        tags: ["response"],
        body: revokeBody,
        response: {
          201: revokedAnswer,
          202: waitingAnswer.describe("it waits for approval; nothing is refused"),
        },
      },
      handler: async (request, reply) => {
        const { id: by, tenant } = accessOf(request);
        const now = context.now();
        const { scope, subject, expires_at, alert_id } = request.body;
        const redactor = await redactorOf(secrets, tenant);
        if (looksSecret(redactor, subject)) throw secretSubject();
        const reason = redacted(redactor, request.body.reason);
        const entry: Revocation = {
          v: 1,
          id: uuidv7(now, randomBytes(10)),
          tenant,
          scope,
          subject,
          state: "active",
          reason,
          by,
          ...(alert_id === undefined ? {} : { alert_id }),
          decided_at: new Date(now).toISOString(),
          ...(expires_at === undefined ? {} : { expires_at: future(expires_at, now) }),
        };
        const { approval } = tenantGuards.config();
        const needs = peopleNeeded(approval, { tenant, scope });
        if (needs > 0) {
          const { id, until } = await tenantGuards.proposals.propose(entry, { needs, by, reason, approval });
          return reply.code(202).send({ proposal_id: id, needs, until });
        }
        return reply.code(201).send(await write(entry, by, reason));
      },
    });

    app.route({
      method: "POST",
      url: "/api/revocations/:id/reinstate",
      onRequest,
      schema: {
        summary: "Lift one revocation; others of the same subject stay",
        tags: ["response"],
        params: z.object({ id: z.string().min(1).max(256) }),
        body: z.strictObject({ reason: printable }),
        response: { 200: reinstatedAnswer },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const known = view.entry(tenant, request.params.id);
        if (known === undefined) {
          throw new HttpError(404, "TRIPLINE_REVOCATION_UNKNOWN", "there is no revocation with this id");
        }
        if (known.state === "reinstated") {
          throw new HttpError(409, "TRIPLINE_REVOCATION_REINSTATED", "this revocation is reinstated already");
        }
        const now = context.now();
        const reinstated: Revocation = {
          ...known,
          state: "reinstated",
          reinstated_at: new Date(now).toISOString(),
        };
        const reason = redacted(await redactorOf(secrets, tenant), request.body.reason);
        const signed = await write(reinstated, by, reason);
        return { ...signed, still_refused_by: view.live(tenant, known, now).map((entry) => entry.id) };
      },
    });
  };
}

/** A token can be longer than what it stands for. */
function redacted(redactor: Redactor, reason: string): string {
  return redactor.redactText(reason).value.slice(0, MAX_TEXT_CHARS);
}

/** Interceptors compare the subject with what they know, so it can't be redacted. */
function secretSubject(): HttpError {
  return new HttpError(
    400,
    "TRIPLINE_SUBJECT_SECRET",
    "body/subject: this looks like a secret. Name what is to be refused by its id, as the record shows it",
  );
}

/** @throws HttpError 400 for a moment that has passed */
function future(expiresAt: string, now: number): string {
  const at = Date.parse(expiresAt);
  if (at <= now)
    throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", "body/expires_at: expected a time to come");
  return new Date(at).toISOString();
}
