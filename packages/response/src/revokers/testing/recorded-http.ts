import { TriplineError } from "@tripline/events";
import type { Http, HttpRequest } from "../../http/index.ts";
import type { RevocationTarget, Revoker } from "../../revoker.ts";
import { createRevoker, type RevokerConfig, revokerSchema } from "../index.ts";

/** For tests: answers that a system's public description or the system itself gives, one after the other. */

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
/** By `METHOD path?query`; `*` as the path's end stands for anything. The last answer of a list is repeated. */
export type Recorded = Record<string, Answer | readonly Answer[] | TriplineError>;

export interface Sent extends Omit<HttpRequest, "signal"> {
  /** `METHOD path?query` */
  what: string;
  url: string;
}

export class RecordedHttp implements Http {
  readonly sent: Sent[] = [];
  answers: Recorded;
  readonly #given = new Map<string, number>();

  constructor(answers: Recorded) {
    this.answers = answers;
  }

  async request(url: string, { signal: _, ...request }: HttpRequest) {
    const { pathname, search } = new URL(url);
    const what = `${request.method} ${pathname}${search}`;
    this.sent.push({ ...request, what, url });
    const key = Object.keys(this.answers).find((pattern) =>
      pattern.endsWith("*") ? what.startsWith(pattern.slice(0, -1)) : what === pattern,
    );
    const recorded = key === undefined ? undefined : this.answers[key];
    if (recorded instanceof TriplineError) throw recorded;
    const list = recorded === undefined ? [] : "status" in recorded ? [recorded] : recorded;
    const turn = this.#given.get(key ?? "") ?? 0;
    this.#given.set(key ?? "", turn + 1);
    const answer = list[Math.min(turn, list.length - 1)];
    if (answer === undefined) throw new Error(`nothing is recorded for ${what}`);
    const { status, body = "", headers } = answer;
    return {
      status,
      headers: new Headers(headers),
      text: typeof body === "string" ? body : JSON.stringify(body),
    };
  }

  whats(): string[] {
    return this.sent.map(({ what }) => what);
  }
}

export const SECRET = "s3cr3t-canary-0123456789";
export const NOW = Date.parse("2026-11-21T10:00:00.000Z");

/** A revoker with these settings; `secret` is what every secret place holds, `files` what lies on the disk. */
export function revokerWith(
  settings: Record<string, unknown>,
  http: Http,
  { secret = SECRET, files = {} }: { secret?: string; files?: Record<string, string> } = {},
): Revoker {
  const config: RevokerConfig = revokerSchema.parse({ name: "issuer", ...settings });
  return createRevoker(config, { http, secret: () => secret, file: (path) => files[path], now: () => NOW });
}

export function target(subject: string, changes: Partial<RevocationTarget> = {}): RevocationTarget {
  return {
    id: "rev-1",
    tenant: "acme",
    scope: "credential",
    subject,
    by: "policy",
    reason: "rule send: a secret was sent out",
    decidedAt: "2026-11-21T09:59:59.500Z",
    ...changes,
  };
}

export const never = new AbortController().signal;
