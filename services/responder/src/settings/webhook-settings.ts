import { readFileSync } from "node:fs";
import { TriplineError } from "@tripline/events";
import { type ResponseConfig, type WebhookConfig, webhookSecret } from "@tripline/response";

/** A webhook with its secret at hand. Never logged or shown: see `shownWebhook`. */
export interface WebhookSettings extends WebhookConfig {
  secret: Uint8Array;
}

/** The webhooks of a configuration with their secrets, from the environment or a file. @throws TriplineError TRIPLINE_WEBHOOK_SECRET */
export function resolveWebhooks(
  config: ResponseConfig,
  env: Readonly<Record<string, string | undefined>>,
): WebhookSettings[] {
  return config.webhooks.map((webhook) => ({ ...webhook, secret: readSecret(webhook, env) }));
}

function readSecret(webhook: WebhookConfig, env: Readonly<Record<string, string | undefined>>): Uint8Array {
  const { name, secret_env, secret_file } = webhook;
  if (secret_file !== undefined) {
    try {
      return webhookSecret(readFileSync(secret_file, "utf8").trim(), `${secret_file} (webhook ${name})`);
    } catch (cause) {
      if (cause instanceof TriplineError) throw cause;
      const message = `the secret of webhook ${name} can't be read from ${secret_file}`;
      throw new TriplineError("TRIPLINE_WEBHOOK_SECRET", message, { cause });
    }
  }
  const variable = secret_env ?? "";
  return webhookSecret(env[variable]?.trim() ?? "", `the environment variable ${variable} (webhook ${name})`);
}

/** What may be shown of a webhook: of its address only the origin, since its path is often a secret. */
export function shownWebhook(webhook: WebhookConfig): {
  name: string;
  origin: string;
  min_severity: WebhookConfig["min_severity"];
  tenants: string[] | undefined;
} {
  const { name, url, min_severity, tenants } = webhook;
  return { name, origin: new URL(url).origin, min_severity, tenants };
}
