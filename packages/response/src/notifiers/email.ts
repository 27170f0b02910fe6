import { isIP } from "node:net";
import { TriplineError } from "@tripline/events";
import { createTransport } from "nodemailer";
import { z } from "zod";
import type { Notification } from "../notification.ts";
import type { NotifyOutcome } from "../notifier.ts";
import { secretPlace } from "../secret-place.ts";
import { cut, messageOf, type Templates } from "../wording/message.ts";
import { valuesOf } from "../wording/values.ts";
import { mailBodies } from "./email-text.ts";
import { outcomeOfError } from "./http-outcome.ts";
import { authoritiesFile, COMMON, notifierKind, readAuthorities, WORDS } from "./kind.ts";

const TIMEOUT_MS = 30_000; // of one step: a server may look up the sender before it answers
const DEADLINE_MS = 90_000; // of all steps together
const MAX_SUBJECT_CHARS = 200;

const mailbox = z
  .string()
  .max(320)
  .regex(/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/, { error: "expected an address as ana@example.com" });

const schema = z
  .strictObject({
    type: z.literal("email"),
    ...COMMON,
    ...WORDS,
    host: z.string().min(1).max(253).describe("the mail server"),
    port: z.number().int().min(1).max(65_535).optional().describe("default 587; 465 for tls: implicit"),
    tls: z
      .enum(["starttls", "implicit", "none"])
      .default("starttls")
      .describe("starttls is required where it is named; none only for a server on the same machine"),
    ca_file: authoritiesFile,
    user: z.string().min(1).max(320).optional(),
    password: secretPlace.optional(),
    from: mailbox,
    to: z.array(mailbox).min(1).max(50),
  })
  .refine((email) => (email.user === undefined) === (email.password === undefined), {
    error: "user and password belong together",
  })
  .refine((email) => email.tls !== "none" || email.password === undefined, {
    error: "a password is not sent without TLS",
  });

/** Mail by SMTP: text and HTML, the mails of one incident in one thread. */
export const email = notifierKind({
  type: "email",
  schema,
  create(settings, { egress, secret }) {
    const { name, host, from, to, tls, user, password, ca_file, title, text } = settings;
    const port = settings.port ?? (tls === "implicit" ? 465 : 587);
    const login = () => (password === undefined ? undefined : { user: user ?? "", pass: secret(password) });
    const authorities = () => readAuthorities(ca_file);
    login();
    authorities();
    return {
      name,
      to: `smtp://${host}:${port}`,
      notify: async (notification, signal) => {
        try {
          const [address] = await egress.addresses(host);
          if (address === undefined) return later("receiver", "the mail server's name has no address");
          const auth = login();
          const transport = createTransport({
            host: address.address,
            port,
            secure: tls === "implicit",
            requireTLS: tls === "starttls",
            ignoreTLS: tls === "none",
            tls: { servername: isIP(host) === 0 ? host : "", rejectUnauthorized: true, ...authorities() },
            ...(auth === undefined ? {} : { auth }),
            connectionTimeout: TIMEOUT_MS,
            greetingTimeout: TIMEOUT_MS,
            socketTimeout: TIMEOUT_MS,
            disableFileAccess: true,
            disableUrlAccess: true,
          });
          const mail = {
            from,
            to,
            ...threadOf(notification, from),
            ...mailOf(notification, { title, text }),
          };
          const sent = transport.sendMail(mail).then(() => true);
          const within = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
          return (await orAborted(sent, within))
            ? { kind: "delivered" }
            : later("receiver", "the mail server did not answer in time");
        } catch (error) {
          return error instanceof TriplineError ? outcomeOfError(error) : outcomeOfSmtp(error);
        }
      },
    };
  },
});

/** False when it was aborted first. A mail that is on its way can't be called back: it may arrive, and be sent again. */
async function orAborted(sent: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  const aborted = Promise.withResolvers<boolean>();
  const stop = () => aborted.resolve(false);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([sent, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function mailOf(notification: Notification, templates: Templates) {
  const message = messageOf(notification, templates);
  return {
    subject: cut(templates.title === undefined ? subjectOf(notification) : message.title, MAX_SUBJECT_CHARS),
    ...mailBodies(message),
    date: new Date(notification.incident.updated_at),
  };
}

/** The same for all mails of an incident: some mail programs make threads of equal subjects only. */
function subjectOf(notification: Notification): string {
  return `[Tripline] ${valuesOf(notification).rule_title} (${notification.incident.id.slice(0, 8)})`;
}

/** One thread for each incident. A mail that is sent again has the same Message-ID, by which mail systems drop doubles. */
function threadOf({ id, incident }: Notification, from: string) {
  const domain = from.slice(from.lastIndexOf("@") + 1);
  const root = `<${incident.id}@${domain}>`;
  return {
    messageId: `<${id}@${domain}>`,
    inReplyTo: root,
    references: root,
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
  };
}

const RESPONSE_BUSY = new Set([421, 450, 451, 452, 454, 471]); // the server says: later

/** RFC 5321 4.2.1: 4yz is for now, 5yz for good. An answer's text is not told: it may be anything. */
function outcomeOfSmtp(error: unknown): NotifyOutcome {
  const { responseCode, code } = Object(error);
  if (typeof responseCode === "number") {
    const reason = `the mail server answered ${responseCode}`;
    if (responseCode >= 500) return { kind: "refused", reason };
    return later(RESPONSE_BUSY.has(responseCode) ? "receiver" : "notification", reason);
  }
  const named =
    typeof code === "string" && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : "the connection failed";
  return later("receiver", `the mail server was not reached: ${named}`);
}

function later(about: "receiver" | "notification", reason: string): NotifyOutcome {
  return { kind: "retry", about, reason, afterMs: undefined };
}
