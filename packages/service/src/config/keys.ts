import { z } from "zod";

/**
 * One flat zod object a service; shapes are composed by spreading. Every key needs a description. Keys are camelCase:
 * `logLevel` is `--log-level` and `TRIPLINE_LOG_LEVEL`. Further `.meta` keys, on the outermost schema:
 * `env` another variable's name, `secret: true` never shown and without a flag (flags show in the process list),
 * `placeholder` for the help text, `defaultText` for a default that differs from machine to machine.
 */
export type ConfigSchema = z.ZodObject;

export type ConfigKind = "string" | "number" | "boolean" | "list";

/** What the schema says about one key. */
export interface ConfigKey {
  name: string;
  /** null for secrets */
  flag: string | null;
  env: string;
  kind: ConfigKind;
  secret: boolean;
  required: boolean;
  description: string;
  /** what may be given, in words */
  allowed: string;
  /** as text; null when there is none */
  default: string | null;
  placeholder: string;
}

/** @throws Error when the schema holds a key that can't be given as text or has no description: a mistake of its author. */
export function configKeys(schema: ConfigSchema): ConfigKey[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const outer = field as z.ZodType;
    const meta = { ...unwrap(outer).meta(), ...outer.meta() };
    const inner = unwrap(outer);
    if (typeof meta.description !== "string") throw new Error(`configuration key ${name} has no description`);
    const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const secret = meta.secret === true;
    const kind = kindOf(name, inner);
    return {
      name,
      flag: secret ? null : `--${words}`,
      env: text(meta.env) ?? `TRIPLINE_${words.replaceAll("-", "_").toUpperCase()}`,
      kind,
      secret,
      required: !outer.safeParse(undefined).success,
      description: meta.description,
      allowed: text(meta.allowed) ?? allowedOf(inner, kind),
      default: secret ? null : (text(meta.defaultText) ?? defaultOf(outer)),
      placeholder: text(meta.placeholder) ?? (kind === "number" ? "N" : kind === "list" ? "A,B" : "VALUE"),
    };
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  // `.transform()` and `.pipe()`: what is given as text is the input side.
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema;
}

function kindOf(name: string, schema: z.ZodType): ConfigKind {
  if (schema instanceof z.ZodBoolean) return "boolean";
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodArray) return "list";
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat || schema instanceof z.ZodEnum) {
    return "string";
  }
  throw new Error(`configuration key ${name} has a type that can't be given as text`);
}

function allowedOf(schema: z.ZodType, kind: ConfigKind): string {
  if (schema instanceof z.ZodEnum) return schema.options.join(", ");
  if (schema instanceof z.ZodNumber) {
    const what = schema.isInt ? "a whole number" : "a number";
    const min = schema.minValue ?? Number.NEGATIVE_INFINITY;
    const max = schema.maxValue ?? Number.POSITIVE_INFINITY;
    const low = Number.isFinite(min) && min !== Number.MIN_SAFE_INTEGER ? ` from ${min}` : "";
    const high = Number.isFinite(max) && max !== Number.MAX_SAFE_INTEGER ? ` to ${max}` : "";
    return what + low + high;
  }
  if (schema instanceof z.ZodStringFormat && schema.format === "url") return "a URL";
  if (kind === "boolean") return "true or false";
  if (schema instanceof z.ZodArray) {
    const url = schema.element instanceof z.ZodStringFormat && schema.element.format === "url";
    return `${url ? "URLs" : "values"} with commas between them`;
  }
  const min = schema instanceof z.ZodString ? (schema.minLength ?? 0) : 0;
  return min > 1 ? `text of at least ${min} characters` : "text";
}

function defaultOf(schema: z.ZodType): string | null {
  const result = schema.safeParse(undefined);
  if (!result.success || result.data === undefined || result.data === null) return null;
  if (Array.isArray(result.data)) return result.data.length === 0 ? "none" : result.data.join(",");
  return String(result.data);
}
