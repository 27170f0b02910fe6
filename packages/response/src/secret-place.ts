import { readFileSync } from "node:fs";
import { TriplineError } from "@tripline/events";
import { z } from "zod";

/** Where a secret stands: never in `response.yaml` itself. */
export const secretPlace = z
  .strictObject({
    env: z.string().min(1).max(256).optional().describe("name of the environment variable"),
    file: z.string().startsWith("/", { error: "expected an absolute path" }).optional(),
  })
  .refine((place) => (place.env === undefined) !== (place.file === undefined), {
    error: "give either env or file",
  });
export type SecretPlace = z.infer<typeof secretPlace>;

/** The secret at a place, without white space around it. @throws TriplineError TRIPLINE_SECRET_UNREADABLE, retriable; it names the place alone */
export type ReadSecret = (place: SecretPlace) => string;

/** Reads secrets when they are asked for, so that a file that was replaced counts at once. */
export function secretsFrom(env: Readonly<Record<string, string | undefined>>): ReadSecret {
  return ({ env: variable, file }) => {
    if (file !== undefined) return fileSecret(file);
    const secret = env[variable ?? ""]?.trim() ?? "";
    if (secret === "") throw unreadable(`the environment variable ${variable} is not set`);
    return secret;
  };
}

/** What a place is called in errors. */
export function placeName({ env, file }: SecretPlace): string {
  return file ?? `the environment variable ${env}`;
}

function fileSecret(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw unreadable(`the secret in ${file} can't be read`, cause);
  }
  if (text === "") throw unreadable(`${file} is empty and should hold a secret`);
  return text;
}

function unreadable(message: string, cause?: unknown): TriplineError {
  return new TriplineError("TRIPLINE_SECRET_UNREADABLE", message, { kind: "retriable", cause });
}
