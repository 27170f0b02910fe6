import { type Proposal, REVOCATION_SCOPES } from "@tripline/events";
import { proposalState } from "@tripline/response";
import {
  accessOf,
  type Guards,
  HttpError,
  type RedactionKeys,
  redactorOf,
  type ServiceContext,
} from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { printable } from "../routes/printable.ts";
import { drillReportSchema } from "./drill-report.ts";
import type { TenantGuards } from "./tenant-guards.ts";

export interface GuardRoutesDeps {
  tenantGuards: TenantGuards;
  secrets: RedactionKeys;
  context: ServiceContext;
  guards: Guards;
}

const MAX_REASON_CHARS = 1024; // a token can be longer than the secret it stands for

const idParams = z.object({ id: z.string().min(1).max(256) });
const reasonBody = z.strictObject({ reason: printable });

const proposalAnswer = z.object({
  id: z.string(),
  scope: z.enum(REVOCATION_SCOPES),
  subject: z.string(),
  reason: z.string(),
  by: z.string().describe("`policy` or the id of the person's token"),
  alert_id: z.string().nullable(),
  rule_id: z.string().nullable(),
  at: z.string(),
  until: z.string().describe("when it lapses"),
  needs: z.number().describe("how many different people"),
  approved_by: z.array(z.string()),
  state: z.enum(["waiting", "approved", "rejected", "lapsed"]),
});

/** `/api/proposals`, `/api/response/resume` and `/api/drill`, for the token's own tenant. */
export function guardRoutes({ tenantGuards, secrets, context, guards }: GuardRoutesDeps): FastifyPluginAsync {
  const { halts, proposals, drills } = tenantGuards;

  async function redacted(tenant: string, reason: string): Promise<string> {
    const redactor = await redactorOf(secrets, tenant);
    return redactor.redactText(reason).value.slice(0, MAX_REASON_CHARS);
  }

  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "GET",
      url: "/api/proposals",
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "Revocations that wait for approval",
        tags: ["response"],
        response: { 200: z.object({ proposals: z.array(proposalAnswer) }) },
      },
      handler: async (request) => ({
        proposals: proposals.waiting(accessOf(request).tenant).map((each) => shown(each, context.now())),
      }),
    });

    app.route({
      method: "POST",
      url: "/api/proposals/:id/approve",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "Approve a revocation; the last approval it needs revokes",
        tags: ["response"],
        params: idParams,
        response: { 200: proposalAnswer.extend({ revoked: z.boolean() }) },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const { proposal, revocation } = await proposals.approve(tenant, request.params.id, by);
        return { ...shown(proposal, context.now()), revoked: revocation !== undefined };
      },
    });

    app.route({
      method: "POST",
      url: "/api/proposals/:id/reject",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "Reject a revocation; the same alert proposes it no second time",
        tags: ["response"],
        params: idParams,
        body: reasonBody,
        response: { 200: proposalAnswer },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const reason = await redacted(tenant, request.body.reason);
        return shown(await proposals.reject(tenant, request.params.id, by, reason), context.now());
      },
    });

    app.route({
      method: "POST",
      url: "/api/response/resume",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "Let automatic revocation go on after it stopped at its limit",
        tags: ["response"],
        body: reasonBody,
        response: {
          200: z.object({ halted_at: z.string(), halted_because: z.string(), resumed_at: z.string() }),
        },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const halt = await halts.resume(tenant, by, await redacted(tenant, request.body.reason));
        if (halt === undefined) {
          throw new HttpError(
            409,
            "TRIPLINE_NOT_HALTED",
            "automatic revocation of this tenant does not stand still",
          );
        }
        return {
          halted_at: halt.at,
          halted_because: halt.reason,
          resumed_at: halts.of(tenant)?.resumed_at ?? halt.at,
        };
      },
    });

    app.route({
      method: "POST",
      url: "/api/drill",
      onRequest: guards.requireRole("administer"),
      schema: {
        summary: "Revoke and reinstate the tenant's canary through the whole path, and say how long it took",
        tags: ["response"],
        response: { 200: drillReportSchema },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        return drills.run(tenant, by);
      },
    });
  };
}

function shown(proposal: Proposal, now: number): z.infer<typeof proposalAnswer> {
  const { id, revocation, reason, by, at, until, needs, approved_by, closed } = proposal;
  const { scope, subject, alert_id, rule_id } = revocation;
  const state = closed?.how ?? (proposalState(proposal, now) === "lapsed" ? "lapsed" : "waiting");
  return {
    ...{ id, scope, subject, reason, by, at, until, needs, approved_by, state },
    alert_id: alert_id ?? null,
    rule_id: rule_id ?? null,
  };
}
