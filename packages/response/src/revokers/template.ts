import { TriplineError } from "@tripline/events";
import { z } from "zod";
import type { RevocationTarget } from "../revoker.ts";
import { grantOf } from "./credential.ts";

/** The placeholders of templates, and how each place escapes them. Values come from credentials, so from whoever names them. */

const NAMES = [
  "credential",
  "issuer",
  "id",
  "client",
  "subject",
  "sid",
  "tenant",
  "reason",
  "revocation_id",
] as const;
export type Values = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

const PLACEHOLDER = /\{([a-z_]+)\}/g;

function isKnown(name: string): name is (typeof NAMES)[number] {
  return NAMES.some((known) => known === name);
}

const knownPlaceholders = z
  .string()
  .refine((text) => [...text.matchAll(PLACEHOLDER)].every(([, name]) => isKnown(name ?? "")), {
    error: `expected only the placeholders ${NAMES.map((name) => `{${name}}`).join(", ")}`,
  });

/** An address in whose path and query placeholders may stand; never in what decides where the request goes. */
export const templateUrl = knownPlaceholders
  .max(2048)
  .refine((text) => /^https?:\/\/[^/?#{}@\s]+(\/|$)/.test(text), {
    error:
      "expected an http:// or https:// address with a host that is written out, without user and password",
  })
  .refine((text) => !text.includes("#"), { error: "expected an address without fragment" });

/** A value of a body's template: placeholders stand in its texts. */
export const templateValue: z.ZodType<TemplateValue> = z.lazy(() =>
  z.union([
    knownPlaceholders,
    z.number(),
    z.boolean(),
    z.null(),
    z.array(templateValue),
    z.record(z.string(), templateValue),
  ]),
);
export type TemplateValue =
  | string
  | number
  | boolean
  | null
  | TemplateValue[]
  | { [key: string]: TemplateValue };

/** What the placeholders stand for. `issuer`: the exact `iss` of grants; not needed for keys. */
export function valuesOf(target: RevocationTarget, issuer: string | undefined): Values {
  const key = /^key:([^/]+)\/(.+)$/s.exec(target.subject);
  const grant = issuer === undefined ? undefined : grantOf(target, issuer);
  const local = /^local:(.+)$/s.exec(target.subject);
  return {
    credential: target.subject,
    issuer: key?.[1] ?? (grant === undefined ? undefined : issuer),
    id: key?.[2] ?? local?.[1],
    client: grant?.client,
    subject: grant?.subject,
    sid: grant?.sid,
    tenant: target.tenant,
    reason: target.reason,
    revocation_id: target.id,
  };
}

/**
 * The address with each placeholder percent-encoded, so that it stays within its path segment or query value.
 * @throws TriplineError TRIPLINE_TEMPLATE_VALUE for a value that is missing, or that as a segment would climb in the path
 */
export function filledUrl(template: string, values: Values): string {
  const filled = template.replace(PLACEHOLDER, (_, name: string) => {
    // encodeURIComponent leaves these five, which some servers give a meaning.
    return encodeURIComponent(placeholderValue(name, values).toWellFormed()).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  });
  const [path = ""] = filled.split("?");
  // A dot segment is resolved away, also when its dots are percent-encoded: the request would go elsewhere.
  if (path.split("/").some((segment) => /^(\.|%2e){1,2}$/i.test(segment))) {
    throw new TriplineError("TRIPLINE_TEMPLATE_VALUE", "a value is . or .., which can't stand in an address");
  }
  return filled;
}

/** A form's body, each value form-encoded. @throws TriplineError TRIPLINE_TEMPLATE_VALUE for a missing placeholder */
export function filledForm(template: Readonly<Record<string, string>>, values: Values): string {
  const form = new URLSearchParams();
  for (const [key, text] of Object.entries(template)) form.append(key, filledText(text, values));
  return form.toString();
}

/** The body with each placeholder replaced inside its text. @throws TriplineError TRIPLINE_TEMPLATE_VALUE for a missing one */
export function filledJson(template: TemplateValue, values: Values): TemplateValue {
  if (typeof template === "string") return filledText(template, values);
  if (Array.isArray(template)) return template.map((item) => filledJson(item, values));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, filledJson(item, values)]));
}

function filledText(text: string, values: Values): string {
  return text.replace(PLACEHOLDER, (_, name: string) => placeholderValue(name, values));
}

function placeholderValue(name: string, values: Values): string {
  const value = isKnown(name) ? values[name] : undefined;
  if (value !== undefined) return value;
  throw new TriplineError(
    "TRIPLINE_TEMPLATE_VALUE",
    `this credential has no {${name}}, which the template needs`,
  );
}
