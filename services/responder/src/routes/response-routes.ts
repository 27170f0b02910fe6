import { name, TriplineError } from "@tripline/events";
import { type ResponseConfig, type RuleResponse, ruleResponseSchema } from "@tripline/response";
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
import type { TenantGuards } from "../guards/tenant-guards.ts";
import type { ResponseFile } from "../settings/response-file.ts";

export interface ResponseRoutesDeps {
  tenantGuards: TenantGuards;
  secrets: RedactionKeys;
  context: ServiceContext;
  guards: Guards;
  /** @throws TriplineError retriable while the responder does not run */
  file(): ResponseFile;
}

/** What the API sets: the tenant is the token's own. */
const ruleBody = ruleResponseSchema.omit({ tenants: true });
const ruleParams = z.object({ id: name });

const responseAnswer = z.object({
  notifiers: z.array(z.object({ name: z.string(), to: z.string() })).describe("who is told of incidents"),
  automatic_revocation: z.object({
    dry_run: z.boolean(),
    limit: z.object({ keys: z.number(), percent: z.number().optional(), minutes: z.number() }),
    halted: z
      .object({ at: z.string(), reason: z.string() })
      .nullable()
      .describe("automatic revocation stands still until a person resumes it"),
    never_revoke: z.array(z.string()),
    rules: z.record(z.string(), ruleBody),
  }),
  approval: z
    .object({
      people: z.number(),
      scopes: z.array(z.string()).optional(),
      rules: z.array(z.string()).optional(),
      lapses_after: z.string(),
    })
    .nullable()
    .describe("what waits for several people"),
  drill: z
    .object({ credential: z.string(), every: z.string().nullable() })
    .nullable()
    .describe("the tenant's canary"),
  problem: z
    .string()
    .nullable()
    .describe("what is wrong with response.yaml as it is now; the last good one is in force"),
});

/** `GET /api/response`, `GET` and `PUT /api/response/rules/:id`: what is in force for the token's own tenant, without secrets. */
export function responseRoutes({
  tenantGuards,
  secrets,
  context,
  guards,
  file,
}: ResponseRoutesDeps): FastifyPluginAsync {
  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "GET",
      url: "/api/response",
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "How alerts are responded to",
        tags: ["response"],
        response: { 200: responseAnswer },
      },
      handler: async (request) => {
        const { tenant } = accessOf(request);
        const { settings, problem } = file();
        const { automatic_revocation, approval, drills } = settings.config;
        const halt = tenantGuards.halts.standing(tenant);
        const drill = drills.find((each) => each.tenant === tenant);
        return {
          notifiers: settings.notifiers.map(({ name, to }) => ({ name, to })),
          automatic_revocation: {
            ...automatic_revocation,
            rules: rulesOf(tenant, settings.config),
            halted: halt === undefined ? null : { at: halt.at, reason: halt.reason },
          },
          approval: approval === undefined || !concerns(approval, tenant) ? null : approval,
          drill: drill === undefined ? null : { credential: drill.credential, every: drill.every ?? null },
          problem: problem ?? null,
        };
      },
    });

    app.route({
      method: "GET",
      url: "/api/response/rules/:id",
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "Whether a rule's alerts take the key away",
        tags: ["response"],
        params: ruleParams,
        response: { 200: ruleBody },
      },
      handler: async (request) => {
        const rules = rulesOf(accessOf(request).tenant, file().settings.config);
        return (
          (Object.hasOwn(rules, request.params.id) ? rules[request.params.id] : undefined) ?? {
            enabled: false,
          }
        );
      },
    });

    app.route({
      method: "PUT",
      url: "/api/response/rules/:id",
      onRequest: guards.requireRole("administer"),
      schema: {
        summary: "Switch automatic revocation on or off for a rule",
        tags: ["response"],
        params: ruleParams,
        body: ruleBody,
        response: { 200: ruleBody },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const { id } = request.params;
        if (looksSecret(await redactorOf(secrets, tenant), id)) {
          throw new HttpError(
            400,
            "TRIPLINE_REQUEST_INVALID",
            "params/id: this looks like a secret, no rule",
          );
        }
        await file()
          .setRule(id, (known) => ({ ...request.body, tenants: [onlyFor(tenant, id, known)] }))
          .catch(mendFirst);
        context.logger.info(
          { rule: id, by, tenant, enabled: request.body.enabled },
          "the response to a rule was set",
        );
        return request.body;
      },
    });
  };
}

function concerns(setting: { tenants?: string[] | undefined }, tenant: string): boolean {
  return setting.tenants === undefined || setting.tenants.includes(tenant);
}

/** The rules' settings that concern a tenant, without naming the others. */
function rulesOf(tenant: string, config: ResponseConfig): Record<string, z.infer<typeof ruleBody>> {
  const rules = Object.entries(config.automatic_revocation.rules).filter(([, rule]) =>
    concerns(rule, tenant),
  );
  return Object.fromEntries(rules.map(([id, { tenants: _, ...shown }]) => [id, shown]));
}

/** A mistake in the file is a person's to mend, and no failure of the service. */
function mendFirst(error: unknown): never {
  if (error instanceof HttpError || !(error instanceof TriplineError) || error.kind === "retriable")
    throw error;
  throw new HttpError(409, error.code, error.message, { cause: error });
}

/** @throws HttpError 409 when the rule's settings concern other tenants too: a tenant's administrator may not change those */
function onlyFor(tenant: string, ruleId: string, known: RuleResponse | undefined): string {
  if (known === undefined || known.tenants?.every((other) => other === tenant) === true) return tenant;
  throw new HttpError(
    409,
    "TRIPLINE_RESPONSE_SHARED",
    `the settings of ${ruleId} are not for this tenant alone: change them in response.yaml`,
  );
}
