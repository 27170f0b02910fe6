import { readFileSync } from "node:fs";
import { TriplineError } from "@tripline/events";
import { z } from "zod";
import type { Egress, Http } from "../http/index.ts";
import type { Notifier } from "../notifier.ts";
import type { ReadSecret } from "../secret-place.ts";
import { template } from "../wording/template.ts";
import { outcomeOfError } from "./http-outcome.ts";

/** What a notifier may use of the world. */
export interface NotifierDeps {
  http: Http;
  /** For those that do not speak HTTP: asked before each connection. */
  egress: Egress;
  secret: ReadSecret;
  /** ms since the epoch */
  now(): number;
}

export type NotifierSchema = z.ZodObject<{ type: z.ZodLiteral<string>; name: z.ZodType<string> }>;

/** One type of receiver: its settings in `response.yaml` and how a notifier is made of them. */
export interface NotifierKind<S extends NotifierSchema = NotifierSchema> {
  readonly type: string;
  readonly schema: S;
  /** Reads its secrets once, so that a wrong place shows at the start. @throws ZodError, TriplineError TRIPLINE_SECRET_UNREADABLE */
  open(settings: unknown, deps: NotifierDeps): Notifier;
}

export function notifierKind<S extends NotifierSchema>(kind: {
  type: string;
  schema: S;
  create(settings: z.infer<S>, deps: NotifierDeps): Notifier;
}): NotifierKind<S> {
  const { type, schema, create } = kind;
  return { type, schema, open: (settings, deps) => withoutThrowing(create(schema.parse(settings), deps)) };
}

/** A secret that can't be read any more, or is none now, is an outcome like any other. */
function withoutThrowing(notifier: Notifier): Notifier {
  return {
    ...notifier,
    notify: async (notification, signal) => {
      try {
        return await notifier.notify(notification, signal);
      } catch (error) {
        return outcomeOfError(error);
      }
    },
  };
}

/** Of notifiers and routes. */
export const notifierName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: "expected up to 40 lower-case letters, digits and '-'" });

/** What every notifier's settings begin with. */
export const COMMON = {
  name: notifierName.describe(
    "names the notifier in routes, records and metrics; a new name starts with what is still warm",
  ),
};

/** Of notifiers whose words people read. */
export const WORDS = {
  title: template.optional().describe("in place of the usual title; see the placeholders"),
  text: template.optional().describe("in place of the usual text; see the placeholders"),
};

/** An address to post to. Its path may be a secret, so it is never shown. */
export const address = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: "expected an http:// or https:// address",
  })
  .refine((text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).password === ""), {
    error: "an address with user and password is refused",
  });

/** Of notifiers that open a TLS connection of their own. */
export const authoritiesFile = z
  .string()
  .startsWith("/", { error: "expected an absolute path" })
  .optional()
  .describe("PEM of the authorities that are trusted in place of the public ones");

/** @throws TriplineError TRIPLINE_AUTHORITIES_UNREADABLE */
export function readAuthorities(path: string | undefined): { ca?: string } {
  if (path === undefined) return {};
  try {
    return { ca: readFileSync(path, "utf8") };
  } catch (cause) {
    throw new TriplineError("TRIPLINE_AUTHORITIES_UNREADABLE", `${path} can't be read: check who owns it`, {
      cause,
    });
  }
}
