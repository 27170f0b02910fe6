import { Readable } from "node:stream";
import {
  type Access,
  accessOf,
  type Guards,
  HttpError,
  type RecordProducer,
  type RedactionKeys,
  type Role,
  redactorOf,
} from "@tripline/service";
import type { Store, StoreReader } from "@tripline/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { errorAnswer } from "../schemas/common.ts";
import { canonicalQuery } from "./canonical-query.ts";

/** What the routes are handed. */
export interface ReadDependencies {
  store: Store;
  guards: Guards;
  recordProducer: Pick<RecordProducer, "write">;
  /** Whose keys redact what people ask for, before it is recorded. */
  secrets: RedactionKeys;
  now(): number;
}

/** One question in progress. */
export interface Question<Params, Query> {
  params: Params;
  query: Query;
  access: Access;
  /** Of the asker's tenant; sees payloads only when the asker may. */
  reader: StoreReader;
  /** Aborted when the asker goes away. */
  signal: AbortSignal;
}

/** What a route found, and how many records of the audit trail that shows. */
export interface Found<Answer> {
  answer: Answer;
  records: number;
}

export interface ReadRoute<Params, Query, Answer> {
  url: string;
  /** e.g. `calls.search`; what the access record says was done */
  action: string;
  role: Role;
  summary: string;
  tag: string;
  params: z.ZodType<Params>;
  query: z.ZodType<Query>;
  answer: z.ZodType<Answer>;
  find(question: Question<Params, Query>): Promise<Found<Answer>>;
  /** The answer as a file, page by page, where it can be one. Each page is recorded before it leaves. */
  csv?(question: Question<Params, Query>): AsyncIterable<Found<string>>;
}

/** A route whose answer is lines of JSON that do not end soon, for programs. Each page is recorded before it leaves. */
export interface LinesRoute<Query>
  extends Pick<ReadRoute<never, Query, never>, "url" | "action" | "role" | "summary" | "tag" | "query"> {
  /** What a line is. */
  line: z.ZodType;
  pages(question: Question<Record<string, never>, Query>): AsyncIterable<Found<string>>;
}

const NOBODY_KNOWS = "nothing is known by this id";

/**
 * Adds a route that reads the record. The tenant is the token's; the reading is recorded before the answer leaves, also
 * when nothing was found; when it can't be recorded the answer is 503.
 */
export function addReadRoute<Params, Query, Answer>(
  app: FastifyInstance,
  dependencies: ReadDependencies,
  route: ReadRoute<Params, Query, Answer>,
): void {
  app.get(
    route.url,
    {
      onRequest: dependencies.guards.requireRole(route.role),
      // The types hold the answer to its schema. Checking again would hide a record that a newer producer wrote.
      serializerCompiler: () => (answer: unknown) => JSON.stringify(answer),
      validatorCompiler: () => (value: unknown) => ({ value }), // parsed below, where the types come out
      schema: {
        summary: route.summary,
        description: `Needs the role ${route.role}. Recorded as \`${route.action}\`.`,
        tags: [route.tag],
        params: route.params,
        querystring: route.query,
        response: { 200: route.answer, "4xx": errorAnswer, "5xx": errorAnswer },
        security: [{ token: [] }],
      },
    },
    async (request, reply) => {
      const question: Question<Params, Query> = {
        params: parsed(route.params, request.params, "params"),
        query: parsed(route.query, request.query, "querystring"),
        ...ask(dependencies, request, reply),
      };
      const filters = { ...object(question.params), ...object(question.query) };
      const recorded = (records: number) =>
        recordReading(dependencies, question.access, route.action, filters, records);
      if (route.csv !== undefined && wantsCsv(request)) {
        const lines = await started(recordedPages(route.csv(question), recorded));
        return reply
          .type("text/csv; charset=utf-8; header=present")
          .header("content-disposition", `attachment; filename="tripline-${route.tag}.csv"`)
          .send(Readable.from(lines));
      }
      const found = await foundOrNull(route.find(question));
      await recorded(found?.records ?? 0);
      if (found === null) throw new HttpError(404, "TRIPLINE_NOT_FOUND", NOBODY_KNOWS);
      return found.answer;
    },
  );
}

/** As `addReadRoute`, for an answer of lines (application/x-ndjson). */
export function addLinesRoute<Query>(
  app: FastifyInstance,
  dependencies: ReadDependencies,
  route: LinesRoute<Query>,
): void {
  app.get(
    route.url,
    {
      onRequest: dependencies.guards.requireRole(route.role),
      validatorCompiler: () => (value: unknown) => ({ value }), // parsed below, where the types come out
      schema: {
        summary: route.summary,
        description: `Needs the role ${route.role}. Each page is recorded as \`${route.action}\` before it leaves. Answers lines of JSON (application/x-ndjson).`,
        tags: [route.tag],
        querystring: route.query,
        response: { 200: route.line, "4xx": errorAnswer, "5xx": errorAnswer },
        security: [{ token: [] }],
      },
    },
    async (request, reply) => {
      const query = parsed(route.query, request.query, "querystring");
      const question = { params: {}, query, ...ask(dependencies, request, reply) };
      const recorded = (records: number) =>
        recordReading(dependencies, question.access, route.action, object(query), records);
      const lines = await started(recordedPages(route.pages(question), recorded));
      return reply.type("application/x-ndjson").send(Readable.from(lines));
    },
  );
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `/${issue.path.join("/")}: ${issue.message}`);
  throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", `${where} ${issues.join("; ")}`);
}

/** Thrown by `find` when there is no such thing in this tenant. */
export class NothingFound extends Error {}

async function foundOrNull<Answer>(finding: Promise<Found<Answer>>): Promise<Found<Answer> | null> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof NothingFound) return null;
    throw error;
  }
}

function wantsCsv(request: FastifyRequest): boolean {
  const { format } = object(request.query);
  if (format !== undefined) return format === "csv";
  return (request.headers.accept ?? "").startsWith("text/csv");
}

async function* recordedPages(
  pages: AsyncIterable<Found<string>>,
  recorded: (records: number) => Promise<void>,
): AsyncGenerator<string> {
  for await (const page of pages) {
    await recorded(page.records);
    yield page.answer;
  }
}

/** Waits for the first page, so that what goes wrong at once is still an HTTP error. A later fault cuts the answer off. */
async function started(pages: AsyncGenerator<string>): Promise<AsyncGenerator<string>> {
  const first = await pages.next();
  return (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* pages;
  })();
}

function ask(
  { store }: ReadDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Omit<Question<unknown, unknown>, "params" | "query"> {
  const access = accessOf(request);
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return {
    access,
    reader: store.reader({ tenant: access.tenant, payloads: mayReadPayloads(access) }),
    signal: gone.signal,
  };
}

export function mayReadPayloads(access: Access): boolean {
  return access.roles.includes("read_payload");
}

/** @throws HttpError 503 when the reading can't be recorded: then nothing may be shown. */
export async function recordReading(
  { recordProducer, secrets }: ReadDependencies,
  access: Access,
  action: string,
  filters: Readonly<Record<string, unknown>>,
  records: number,
): Promise<void> {
  try {
    const redactor = await redactorOf(secrets, access.tenant);
    await recordProducer.write({
      type: "access",
      tenant: access.tenant,
      access: { by: access.id, action, query: canonicalQuery(filters, redactor), records },
    });
  } catch (cause) {
    throw new HttpError(
      503,
      "TRIPLINE_READING_NOT_RECORDED",
      "every reading is recorded, and that is not possible now: try again",
      { cause, headers: { "retry-after": "2" } },
    );
  }
}

function object(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" ? { ...value } : {};
}
