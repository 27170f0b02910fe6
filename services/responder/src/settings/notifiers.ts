import { TriplineError } from "@tripline/events";
import {
  createEgress,
  httpThrough,
  type Notifier,
  openNotifier,
  type ResponseConfig,
  secretsFrom,
} from "@tripline/response";

/** The notifiers of a configuration, ready to send. @throws TriplineError TRIPLINE_SECRET_UNREADABLE, TRIPLINE_WEBHOOK_SECRET */
export function openNotifiers(
  config: ResponseConfig,
  { env, now }: { env: Readonly<Record<string, string | undefined>>; now(): number },
): Notifier[] {
  const egress = createEgress({ allowInternal: config.egress.allow_internal });
  const deps = { http: httpThrough(egress), egress, secret: secretsFrom(env), now };
  return config.notifiers.map((settings) => {
    try {
      return openNotifier(settings, deps);
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      throw new TriplineError(error.code, `notifier ${settings.name}: ${error.message}`, { cause: error });
    }
  });
}
