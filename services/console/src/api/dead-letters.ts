import { isUtf8 } from "node:buffer";
import type { DeadLetterDecision } from "@tripline/events";
import { type Access, accessOf, HttpError } from "@tripline/service";
import type { DeadLetterPosition, DeadLetterRow, DeadLetterScope, Store } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { LetterActions } from "../dead-letters/letter-actions.ts";
import { type IsSigned, presentVerdict, type Verdict } from "../dead-letters/present-verdict.ts";
import { reasonInWords } from "../dead-letters/reasons.ts";
import { addReadRoute, mayReadPayloads, NothingFound, type ReadDependencies } from "../read/read-route.ts";
import { errorAnswer, idParams } from "../schemas/common.ts";
import {
  deadLetterAnswer,
  deadLetterBytesAnswer,
  deadLetterCountsAnswer,
  deadLetterCountsQuery,
  deadLettersAnswer,
  deadLettersQuery,
  decideAnswer,
  decideBody,
} from "../schemas/dead-letters.ts";

export interface DeadLetterRoutesDeps extends ReadDependencies {
  actions: LetterActions;
  isSigned: IsSigned;
  /** Whether this is one who runs the installation, and not only a tenant of it. */
  isOperator(access: Access): boolean;
}

/** `GET /api/dead-letters`, `/counts`, `/:id`, `/:id/bytes`; `POST /api/dead-letters/replay` and `/discard`. */
export function addDeadLetterRoutes(app: FastifyInstance, dependencies: DeadLetterRoutesDeps): void {
  const { store, actions, isSigned } = dependencies;
  /** Letters that name no tenant may hold anybody's text: they are the operator's. */
  const scopeOf = (access: Access): DeadLetterScope => ({
    tenants: dependencies.isOperator(access) ? [access.tenant, ""] : [access.tenant],
  });

  addReadRoute(app, dependencies, {
    url: "/api/dead-letters",
    action: "dead_letters.search",
    role: "read",
    summary: "Records that a step could not use, newest first",
    tag: "dead letters",
    params: z.object({}),
    query: deadLettersQuery,
    answer: deadLettersAnswer,
    async find({ query: { limit, cursor, ...filter }, access, signal }) {
      const { rows, next, previous } = await store.deadLetters.list(
        scopeOf(access),
        filter,
        { limit, cursor },
        { signal },
      );
      return { answer: { dead_letters: rows, next, previous }, records: rows.length };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/dead-letters/counts",
    action: "dead_letters.count",
    role: "read",
    summary: "How many dead letters, by step and reason",
    tag: "dead letters",
    params: z.object({}),
    query: deadLetterCountsQuery,
    answer: deadLetterCountsAnswer,
    async find({ query, access, signal }) {
      const counts = await store.deadLetters.count(scopeOf(access), query, { signal });
      const letters = counts.reduce((sum, each) => sum + each.letters, 0);
      return { answer: { letters, by_reason: counts }, records: 0 };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/dead-letters/:id",
    action: "dead_letter.read",
    role: "read",
    summary: "One dead letter: why in words, where it is wrong, whether it would be accepted now",
    tag: "dead letters",
    params: idParams,
    query: z.strictObject({}),
    answer: deadLetterAnswer,
    async find({ params, access, signal }) {
      const scope = scopeOf(access);
      const letter = await store.deadLetters.one(scope, params.id, { signal });
      if (letter === null) throw new NothingFound();
      const verdict = await verdictOf(store, letter, isSigned, signal);
      return {
        answer: {
          dead_letter: letter,
          why: reasonInWords(letter.reason, letter.topic),
          verdict: shown(verdict, mayReadPayloads(access)),
          related: await store.deadLetters.related(letter, scope, { signal }),
        },
        records: 1,
      };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/dead-letters/:id/bytes",
    action: "dead_letter.bytes",
    role: "read_payload",
    summary: "The original as it came: never redacted, untrusted",
    tag: "dead letters",
    params: idParams,
    query: z.strictObject({}),
    answer: deadLetterBytesAnswer,
    async find({ params, access, signal }) {
      const letter = await store.deadLetters.one(scopeOf(access), params.id, { signal });
      const bytes = letter === null ? null : await store.deadLetters.bytes(letter.id, { signal });
      if (bytes === null) throw new NothingFound();
      const { headers, value } = bytes;
      const isText = value === null || isUtf8(value);
      return {
        answer: {
          untrusted: true as const,
          headers,
          encoding: isText ? ("utf-8" as const) : ("base64" as const),
          value: value === null ? null : Buffer.from(value).toString(isText ? "utf8" : "base64"),
        },
        records: 1,
      };
    },
  });

  for (const [url, kind, summary] of [
    [
      "/api/dead-letters/replay",
      "replayed",
      "Write originals to their topics again, for the step that refused them",
    ],
    ["/api/dead-letters/discard", "discarded", "Give letters up: they are no longer open"],
  ] as const) {
    addDecideRoute(app, url, kind, summary);
  }

  function addDecideRoute(
    untyped: FastifyInstance,
    url: string,
    kind: DeadLetterDecision["state"],
    summary: string,
  ): void {
    untyped.withTypeProvider<ZodTypeProvider>().route({
      method: "POST",
      url,
      onRequest: dependencies.guards.requireRole("administer"),
      schema: {
        summary,
        tags: ["dead letters"],
        body: decideBody,
        response: { 200: decideAnswer, "4xx": errorAnswer, "5xx": errorAnswer },
        security: [{ token: [] }],
      },
      handler: async (request) => {
        const access = accessOf(request);
        const { ids, why, dry_run, expect, cursor, ...filters } = request.body;
        const scope = scopeOf(access);
        const selection = ids === undefined ? filters : { ids };
        const after = cursor === undefined ? null : parseCursor(cursor);
        const letters = await actions.count(scope, selection);
        if (dry_run) return { letters, done: [], refused: [], next: null };
        if (after === null && (ids === undefined || expect !== undefined)) confirm(letters, expect);
        const { id: by, tenant } = access;
        const { done, refused, next } = await actions.decide({
          kind,
          selection,
          scope,
          by,
          tenant,
          why,
          after,
        });
        return { letters, done, refused, next: next === null ? null : encodeCursor(next) };
      },
    });
  }
}

/** @throws HttpError 400 without a number, 409 when the selection holds another number of letters than the person was told */
function confirm(found: number, expected: number | undefined): void {
  if (expected === undefined) {
    throw new HttpError(
      400,
      "TRIPLINE_REQUEST_INVALID",
      `body/expect: the selection holds ${found} letters; say so to go on (dry_run only counts)`,
    );
  }
  if (found === expected) return;
  throw new HttpError(
    409,
    "TRIPLINE_SELECTION_CHANGED",
    `the selection holds ${found} letters now, not ${expected}: count again (dry_run), or bound it with \`before\``,
  );
}

async function verdictOf(
  store: Store,
  letter: DeadLetterRow,
  isSigned: IsSigned,
  signal: AbortSignal,
): Promise<Verdict> {
  if (letter.cut) return { state: "unknown", why: "the letter holds only the beginning of the record" };
  const bytes = await store.deadLetters.bytes(letter.id, { signal });
  if (bytes === null) return { state: "unknown", why: "its bytes are past their retention" };
  return presentVerdict({ topic: letter.topic, key: letter.key, value: bytes.value }, isSigned);
}

/** Keys in a path may be captured text; the schema's own are plain words. */
const PLAIN_PATH = /^(its top|[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40})*)$/;

function shown(verdict: Verdict, maySeeText: boolean): z.infer<typeof deadLetterAnswer>["verdict"] {
  if (verdict.state === "valid_now") {
    return { state: "valid_now", words: "it is valid now: ready to replay", faults: [] };
  }
  if (verdict.state === "unknown") return { state: "unknown", words: verdict.why, faults: [] };
  const faults = verdict.faults.map((each) =>
    maySeeText || each.path === null || PLAIN_PATH.test(each.path) ? each : { ...each, path: "⟨hidden⟩" },
  );
  return { state: "still_refused", words: "it would be refused again", faults };
}

const position = z.tuple([z.string(), z.string(), z.int().min(0), z.int().min(0), z.string()]);

function encodeCursor({ generation, topic, partition, offset, step }: DeadLetterPosition): string {
  return Buffer.from(JSON.stringify([generation, topic, partition, offset, step])).toString("base64url");
}

/** @throws HttpError 400 */
function parseCursor(cursor: string): DeadLetterPosition {
  try {
    const [generation, topic, partition, offset, step] = position.parse(
      JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")),
    );
    return { generation, topic, partition, offset, step };
  } catch (cause) {
    throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", "body/cursor: not one of this question's", {
      cause,
    });
  }
}
