import { TriplineError } from "@tripline/events";
import { z } from "zod";
import type { Notification } from "../notification.ts";
import type { NotifyOutcome } from "../notifier.ts";
import { bytes, cut } from "../wording/message.ts";
import { cefEvent } from "./formats/cef.ts";
import { ocsfFinding } from "./formats/ocsf.ts";
import { syslogMessage } from "./formats/rfc5424.ts";
import { outcomeOfError } from "./http-outcome.ts";
import { authoritiesFile, COMMON, notifierKind, readAuthorities } from "./kind.ts";
import { sendDatagram, sendStream } from "./syslog-transport.ts";
import { webhookBody } from "./webhook-body.ts";

const TIMEOUT_MS = 15_000;
const UDP_MAX_BYTES = 2048; // RFC 5426 3.2: what receivers should take
const STREAM_MAX_BYTES = 8192; // RFC 5425 4.3.1: what receivers should take

const schema = z.strictObject({
  type: z.literal("syslog"),
  ...COMMON,
  host: z.string().min(1).max(253).describe("name or address of the receiver"),
  port: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe("default 6514 for tls, 514 for udp, 601 for tcp"),
  transport: z.enum(["tls", "tcp", "udp"]).default("tls"),
  format: z
    .enum(["cef", "ocsf", "tripline"])
    .default("cef")
    .describe("what the message's text is; both others are JSON"),
  facility: z.number().int().min(0).max(23).default(13).describe("13 is `log audit`"),
  ca_file: authoritiesFile,
  max_bytes: z
    .number()
    .int()
    .min(1024)
    .max(65_000)
    .optional()
    .describe("of one message; default 2048 for udp, else 8192"),
});
type Settings = z.infer<typeof schema>;

/** Syslog (RFC 5424). It has no answer: delivered means that the receiver's system took the bytes, and over UDP not even that. */
export const syslog = notifierKind({
  type: "syslog",
  schema,
  create(settings, { egress, now }) {
    const { name, host, transport, ca_file } = settings;
    const port = settings.port ?? { tls: 6514, tcp: 601, udp: 514 }[transport];
    readAuthorities(ca_file);
    return {
      name,
      to: `syslog+${transport}://${host}:${port}`,
      notify: async (notification, signal) => {
        const message = messageWithin(notification, settings, now());
        if (message === undefined) {
          return { kind: "refused", reason: "the message is larger than max_bytes, and JSON can't be cut" };
        }
        const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
        try {
          const [address] = await egress.addresses(host);
          if (address === undefined) return unreached("its name has no address");
          if (transport === "udp") await sendDatagram(address, port, message);
          else
            await sendStream(
              { address, port, host, authorities: readAuthorities(ca_file), transport },
              message,
              within,
            );
          return { kind: "delivered" };
        } catch (error) {
          return error instanceof TriplineError ? outcomeOfError(error) : unreached(codeOf(error));
        }
      },
    };
  },
});

/** The message, shortened until it fits; undefined where that can't be. */
function messageWithin(notification: Notification, settings: Settings, now: number): string | undefined {
  const max = settings.max_bytes ?? (settings.transport === "udp" ? UDP_MAX_BYTES : STREAM_MAX_BYTES);
  const around = framed(notification, settings, "");
  const room = max - bytes(around);
  if (settings.format === "cef")
    return framed(notification, settings, cut(cefEvent(notification), room, bytes));
  for (let evidence = 20; ; evidence = Math.floor(evidence / 2)) {
    const json = JSON.stringify(
      settings.format === "ocsf"
        ? ocsfFinding(notification, now, { maxEvidence: evidence })
        : webhookBody(notification, { maxEvidence: evidence }),
    );
    if (bytes(json) <= room) return framed(notification, settings, json);
    if (evidence === 0) return undefined;
  }
}

function framed({ incident, kind, publicUrl }: Notification, { facility }: Settings, text: string): string {
  return syslogMessage({
    facility,
    severity: incident.severity,
    time: incident.updated_at,
    host: URL.canParse(publicUrl) ? new URL(publicUrl).hostname : "",
    messageId: kind,
    text,
  });
}

function unreached(why: string): NotifyOutcome {
  return {
    kind: "retry",
    about: "receiver",
    reason: `the receiver was not reached: ${why}`,
    afterMs: undefined,
  };
}

/** The system's own code (ECONNREFUSED …); an error's text may hold anything. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : "the connection failed";
}
