import { isRetriable, TriplineError, tenantId } from "@tripline/events";
import { z } from "zod";
import type { Http } from "../http/index.ts";
import type { Revoker, UpstreamOutcome } from "../revoker.ts";
import type { SecretPlace } from "../secret-place.ts";

export { type SecretPlace, secretPlace } from "../secret-place.ts";

export interface RevokerDeps {
  http: Http;
  /**
   * The secret at a place, without white space around it.
   * @throws TriplineError TRIPLINE_SECRET_UNREADABLE; the message names the place
   */
  secret(place: SecretPlace): string;
  /** The text of a file, or undefined when there is none: tokens that somebody laid down for us. */
  file(path: string): string | undefined;
  /** ms since the epoch */
  now(): number;
}

/** One type of issuer: its settings in `response.yaml` and how a revoker is made of them. */
export interface RevokerKind {
  readonly type: string;
  readonly schema: z.ZodObject<{ type: z.ZodLiteral<string>; name: z.ZodType<string> }>;
  /** @throws ZodError for settings that are not of this type, TriplineError for a secret that can't be read */
  open(settings: unknown, deps: RevokerDeps): Revoker;
  /** The origins that requests go to, for people. Takes settings that passed the schema. */
  origins(settings: unknown): string[];
}

/** What every revoker's settings begin with. */
export const COMMON = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: "expected up to 40 lower-case letters, digits and '-'" })
    .describe("names the revoker in records and metrics"),
  tenants: z.array(tenantId).min(1).optional().describe("only keys of these tenants; absent: all"),
};

/** An `https://` (or `http://`) address without user, password or fragment. */
export const address = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: "expected an http:// or https:// address",
  })
  .refine((text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).hash === ""), {
    error: "expected an address without user, password and fragment",
  });

/** The issuer of API keys: `key:<issuer>/<id>`. */
export const keyIssuer = z
  .string()
  .regex(/^[^\s/]{1,128}$/, { error: "expected the issuer as it stands in key:<issuer>/<id>" });

/** Ids at the issuer, where they differ from those in the record. */
export const idMap = z
  .record(z.string().min(1).max(512), z.string().min(1).max(512))
  .default({})
  .describe("id in key:<issuer>/<id> -> id at the issuer, where the two differ");

/** Makes a kind of a schema, the revoker it describes and the addresses that are asked. */
export function revokerKind<
  S extends z.ZodObject<{ type: z.ZodLiteral<string>; name: z.ZodType<string> }>,
>(kind: {
  type: string;
  schema: S;
  create(settings: z.infer<S>, deps: RevokerDeps): Revoker;
  addresses(settings: z.infer<S>): string[];
}): Omit<RevokerKind, "schema"> & { schema: S } {
  return {
    type: kind.type,
    schema: kind.schema,
    open: (settings, deps) => guarded(kind.create(kind.schema.parse(settings), deps)),
    origins: (settings) => [
      ...new Set(kind.addresses(kind.schema.parse(settings)).map((text) => new URL(text).origin)),
    ],
  };
}

/** No TriplineError leaves a revoker, wherever a secret is read: it is an outcome like any other. */
function guarded(revoker: Revoker): Revoker {
  const { name, probes } = revoker;
  const reinstate = revoker.reinstate?.bind(revoker);
  return {
    name,
    probes,
    handles: (target) => revoker.handles(target),
    revoke: (target, signal) => asOutcome(name, () => revoker.revoke(target, signal)),
    probe: async (target, signal) => {
      try {
        return await revoker.probe(target, signal);
      } catch (error) {
        if (error instanceof TriplineError) return "unknown";
        throw error;
      }
    },
    ...(reinstate === undefined
      ? {}
      : { reinstate: (target, signal) => asOutcome(name, () => reinstate(target, signal)) }),
  };
}

async function asOutcome(name: string, attempt: () => Promise<UpstreamOutcome>): Promise<UpstreamOutcome> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    const reason = `${name}: ${error.message}`;
    return isRetriable(error) ? { kind: "retry", reason, afterMs: undefined } : { kind: "refused", reason };
  }
}

/** A reader of one secret, which is read once now so that a wrong place shows at the start. @throws TriplineError */
export function secretReader(place: SecretPlace, deps: RevokerDeps): () => string {
  const read = (): string => {
    const secret = deps.secret(place);
    // A line end in a header or a space in a form would be sent, or quoted in an error.
    if (!/^[\x21-\x7e]+$/.test(secret)) {
      throw new TriplineError(
        "TRIPLINE_SECRET_UNREADABLE",
        `the secret in ${place.env ?? place.file ?? "?"} is empty or holds spaces, line ends or other than ASCII`,
      );
    }
    return secret;
  };
  read();
  return read;
}
