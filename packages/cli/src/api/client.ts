import type { z } from "zod";
import type { Connection } from "../connection/connection.ts";
import { CommandFailed, EXIT, type ExitCode } from "../exit.ts";

const ANSWER_TIMEOUT_MS = 30_000; // longer than the store's own limit for a query, so that its error is the one shown

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiClient {
  readonly url: string;
  /** The answer, checked against `schema`. @throws CommandFailed with a message for the person */
  request<T>(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    schema: z.ZodType<T>,
    options?: {
      query?: Query;
      body?: unknown;
      acceptStatus?: readonly number[];
      /** Default ANSWER_TIMEOUT_MS. */
      timeoutMs?: number;
    },
  ): Promise<T>;
}

/** A client of the service's HTTP API. */
export function createApiClient(connection: Connection, signal: AbortSignal): ApiClient {
  return {
    url: connection.url,
    async request(method, path, schema, options = {}) {
      const url = new URL(`${connection.url}${path}`);
      for (const [key, value] of Object.entries(options.query ?? {})) {
        if (value !== undefined) url.searchParams.set(key, String(value));
      }
      const limited = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs ?? ANSWER_TIMEOUT_MS)]);
      const { status, text } = await exchange(url, connection, limited, signal, {
        method,
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      });
      if (status >= 400 && options.acceptStatus?.includes(status) !== true) throw failed(status, text, path);
      const parsed = schema.safeParse(text === "" ? undefined : json(text));
      if (parsed.success) return parsed.data;
      const at = parsed.error.issues[0]?.path.join(".") ?? "";
      throw new CommandFailed(
        EXIT.failure,
        `${connection.url} answered ${path} in a form this version does not know (at "${at}"): are both of one version?`,
      );
    },
  };
}

async function exchange(
  url: URL,
  connection: Connection,
  limited: AbortSignal,
  interrupted: AbortSignal,
  init: { method: string; body?: string },
): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, {
      ...init,
      headers: {
        authorization: `Bearer ${connection.token}`,
        accept: "application/json",
        ...(init.body === undefined ? {} : { "content-type": "application/json" }),
      },
      redirect: "error", // a token never follows a redirect
      signal: limited,
    });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    if (interrupted.aborted) throw new CommandFailed(EXIT.failure, "interrupted", cause);
    throw new CommandFailed(EXIT.failure, `${connection.url} does not answer: ${reason(cause)}`, cause);
  }
}

export function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown";
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  const code = "code" in inner && typeof inner.code === "string" ? inner.code : "";
  if (code === "ECONNREFUSED") return "nothing listens there (is it started?)";
  return inner.message || code;
}

export function failed(status: number, text: string, path: string): CommandFailed {
  const said = messageOf(json(text)) ?? `HTTP ${status}`;
  if (status === 401) return new CommandFailed(EXIT.refused, `the token was not accepted: ${said}`);
  if (status === 403) return new CommandFailed(EXIT.refused, `not allowed: ${said}`);
  if (status === 404)
    return new CommandFailed(EXIT.not_found, said === "HTTP 404" ? `not found: ${path}` : said);
  const code: ExitCode = status === 400 || status === 422 ? EXIT.usage : EXIT.failure;
  return new CommandFailed(code, said);
}

function messageOf(answer: unknown): string | null {
  if (answer === null || typeof answer !== "object") return null;
  if ("error" in answer && typeof answer.error === "object") return messageOf(answer.error);
  return "message" in answer && typeof answer.message === "string" ? answer.message : null;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
