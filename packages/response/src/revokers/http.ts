import { z } from "zod";
import { globMatches } from "../glob.ts";
import type { HttpAnswer } from "../http/index.ts";
import type { ProbeResult, RevocationTarget, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns } from "./credential.ts";
import { ask, bodyOf, unexpected } from "./exchange.ts";
import { COMMON, type RevokerDeps, revokerKind, secretPlace, secretReader } from "./kind.ts";
import {
  filledForm,
  filledJson,
  filledUrl,
  templateUrl,
  templateValue,
  type Values,
  valuesOf,
} from "./template.ts";

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, { error: "expected a header's name" });

/** Which answers count: each given member must hold. */
const match = z
  .strictObject({
    status: z.array(z.number().int().min(100).max(599)).min(1),
    json: z
      .strictObject({
        path: z.string().regex(/^[^.\s]+(\.[^.\s]+)*$/, { error: "expected a path as data.enabled" }),
        equals: z.union([z.string(), z.number(), z.boolean(), z.null()]),
      })
      .optional()
      .describe("and the body's member at this path has this value"),
  })
  .describe("answers that mean this");

const request = {
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  url: templateUrl,
  json: z.record(z.string(), templateValue).optional().describe("the body, as JSON"),
  form: z.record(z.string(), z.string()).optional().describe("the body, as a form"),
};

const change = z
  .strictObject({ ...request, done: match, already: match.optional().describe("it was so before") })
  .refine((one) => one.json === undefined || one.form === undefined, { error: "give json or form" });

const schema = z.strictObject({
  type: z.literal("http").describe("any API that revokes by id: you describe requests and answers"),
  ...COMMON,
  credentials: z
    .array(z.string().min(1).max(512))
    .min(1)
    .describe("whose credentials: ids, in which * stands for anything, as key:vault/*"),
  issuer: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("for grants: the `iss`, so that {client}, {subject} and {sid} can be told apart"),
  headers: z.record(headerName, z.string().max(1024)).default({}),
  secret_headers: z
    .record(
      headerName,
      secretPlace.and(z.object({ prefix: z.string().max(64).optional() }).catchall(z.unknown())),
    )
    .default({})
    .describe("header -> where its value stands"),
  revoke: change,
  probe: z.strictObject({ ...request, refused: match, accepted: match }).optional(),
  reinstate: change.optional(),
});
type Settings = z.infer<typeof schema>;
type Call = Pick<z.infer<typeof change>, keyof typeof request>;

/**
 * Requests from templates. `{credential}`, `{issuer}`, `{id}`, `{client}`, `{subject}`, `{sid}`, `{tenant}`, `{reason}` and
 * `{revocation_id}` are escaped for where they stand; without `probe` nobody knows whether a revoked key is refused.
 */
export const http = revokerKind({
  type: "http",
  schema,
  create: createHttpRevoker,
  addresses: ({ revoke, probe, reinstate }) => [
    revoke.url,
    ...(probe === undefined ? [] : [probe.url]),
    ...(reinstate === undefined ? [] : [reinstate.url]),
  ],
});

function createHttpRevoker(settings: Settings, deps: RevokerDeps): Revoker {
  const { name, credentials, issuer, probe, reinstate } = settings;
  const secrets = Object.entries(settings.secret_headers).map(([header, { prefix, ...place }]) => ({
    header: header.toLowerCase(),
    prefix: prefix ?? "",
    read: secretReader(place, deps),
  }));

  function send(call: Call, values: Values, signal: AbortSignal, expected: number[]) {
    const { method, json, form } = call;
    const body =
      json !== undefined
        ? JSON.stringify(filledJson(json, values))
        : form !== undefined
          ? filledForm(form, values)
          : undefined;
    const type = json !== undefined ? "application/json" : "application/x-www-form-urlencoded";
    const request = () => ({
      method,
      headers: {
        ...settings.headers,
        ...(body === undefined ? {} : { "content-type": type }),
        ...Object.fromEntries(secrets.map(({ header, prefix, read }) => [header, `${prefix}${read()}`])),
      },
      ...(body === undefined ? {} : { body }),
      signal,
    });
    return ask(deps.http, name, filledUrl(call.url, values), request, expected);
  }

  async function make(
    one: z.infer<typeof change>,
    target: RevocationTarget,
    signal: AbortSignal,
  ): Promise<UpstreamOutcome> {
    const values = valuesOf(target, issuer);
    const asked = await send(one, values, signal, [...one.done.status, ...(one.already?.status ?? [])]);
    if ("failed" in asked) return asked.failed;
    if (one.already !== undefined && matches(asked.answer, one.already))
      return { kind: "done", already: true };
    if (matches(asked.answer, one.done)) return { kind: "done" };
    return unexpected(name, asked.answer);
  }

  return {
    name,
    probes: probe !== undefined,
    handles: (target) =>
      concerns(settings, target) && credentials.some((pattern) => globMatches(pattern, target.subject)),
    revoke: (target, signal) => make(settings.revoke, target, signal),
    async probe(target, signal): Promise<ProbeResult> {
      if (probe === undefined) return "unknown";
      const expected = [...probe.refused.status, ...probe.accepted.status];
      const asked = await send(probe, valuesOf(target, issuer), signal, expected);
      if ("failed" in asked) return "unknown";
      if (matches(asked.answer, probe.accepted)) return "accepted"; // when both fit, the key counts as alive
      return matches(asked.answer, probe.refused) ? "refused" : "unknown";
    },
    ...(reinstate === undefined ? {} : { reinstate: (target, signal) => make(reinstate, target, signal) }),
  };
}

function matches(answer: HttpAnswer, wanted: z.infer<typeof match>): boolean {
  if (!wanted.status.includes(answer.status)) return false;
  if (wanted.json === undefined) return true;
  let value: unknown = bodyOf(answer, z.unknown());
  for (const key of wanted.json.path.split(".")) {
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? Object(value)[key]
        : undefined;
  }
  return value === wanted.json.equals;
}
