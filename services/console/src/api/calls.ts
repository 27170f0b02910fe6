import { ErasureIndex } from "@tripline/events";
import { HttpError } from "@tripline/service";
import type { CallFilter, StoredRecord } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { namesFor } from "../read/names.ts";
import {
  addReadRoute,
  mayReadPayloads,
  NothingFound,
  type Question,
  type ReadDependencies,
} from "../read/read-route.ts";
import { type CallsQuery, callAnswer, callsAnswer, callsQuery, payloadAnswer } from "../schemas/calls.ts";
import { idParams } from "../schemas/common.ts";
import { callsAsCsv } from "./calls-csv.ts";

const SUBJECT_ID = /^sub_[0-9a-f]{32}$/;
const noQuery = z.strictObject({});
const noParams = z.object({});

/** `GET /api/calls`, `/api/calls/:id`, `/api/calls/:id/payload`. */
export function addCallRoutes(app: FastifyInstance, dependencies: ReadDependencies): void {
  addReadRoute(app, dependencies, {
    url: "/api/calls",
    action: "calls.search",
    role: "read",
    summary: "Calls that match all filters; with `format=csv` or `Accept: text/csv` as a file",
    tag: "calls",
    params: noParams,
    query: callsQuery,
    answer: callsAnswer,
    async find(question) {
      const { query, reader, access, signal } = question;
      const page = { limit: query.limit, cursor: query.cursor, order: query.order };
      const { rows, next, previous, principals } = await reader.searchCalls(callFilter(question), page, {
        signal,
      });
      const names = await namesFor(
        access,
        reader,
        rows.map((row) => row.principal),
        signal,
      );
      return {
        answer: {
          calls: rows,
          next,
          previous,
          ...(principals === null || names === undefined ? {} : { principals }),
          ...(names === undefined ? {} : { names }),
        },
        records: rows.length,
      };
    },
    csv: (question) => callsAsCsv(question, callFilter(question)),
  });

  addReadRoute(app, dependencies, {
    url: "/api/calls/:id",
    action: "call.read",
    role: "read",
    summary: "One call, by its id or the id of one of its records; without its payload",
    tag: "calls",
    params: idParams,
    query: noQuery,
    answer: callAnswer,
    async find({ params, reader, access, signal }) {
      const detail = await reader.call(params.id, { signal });
      if (detail === null) throw new NothingFound();
      const people = [detail.intent, detail.call].map((record) => record?.envelope.actor?.principal);
      const names = await namesFor(access, reader, people, signal);
      return {
        answer: {
          call_id: detail.call_id,
          intent: withoutPayload(detail.intent),
          call: withoutPayload(detail.call),
          in_doubt: detail.in_doubt,
          ...(names === undefined ? {} : { names }),
        },
        records: [detail.intent, detail.call].filter((record) => record !== null).length,
      };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/calls/:id/payload",
    action: "payload.read",
    role: "read_payload",
    summary: "A call's arguments and result, redacted and untrusted",
    tag: "calls",
    params: idParams,
    query: noQuery,
    answer: payloadAnswer,
    async find({ params, reader, signal }) {
      const detail = await reader.call(params.id, { signal });
      if (detail === null) throw new NothingFound();
      const parts = [detail.intent, detail.call];
      const erasures = await erasuresFor(dependencies, parts, signal);
      return {
        answer: {
          untrusted: true as const,
          intent: payloadOf(detail.intent, erasures),
          call: payloadOf(detail.call, erasures),
        },
        records: parts.filter((record) => record?.payload != null).length,
      };
    },
  });
}

/** The filter for the store. @throws HttpError 403 when it asks for more than the roles allow */
function callFilter({ query, access }: Question<unknown, CallsQuery>): CallFilter {
  const { type, format: _format, limit: _limit, cursor: _cursor, order: _order, ...filter } = query;
  if (!mayReadPayloads(access)) {
    if (filter.text !== undefined) {
      throw new HttpError(403, "TRIPLINE_ROLE_MISSING", "searching texts needs the role read_payload");
    }
    // Finding people by their names would tell which names exist.
    if (filter.principal !== undefined && !SUBJECT_ID.test(filter.principal)) {
      throw new HttpError(
        403,
        "TRIPLINE_ROLE_MISSING",
        "filter by subject id (sub_…); finding people by name needs the role read_payload",
      );
    }
  }
  return { ...filter, ...(type === undefined ? {} : { types: type }) };
}

function withoutPayload(record: StoredRecord | null) {
  if (record === null) return null;
  const { payload: _payload, ...rest } = record;
  return rest;
}

/** Asked for only where a payload is not there that should be. */
async function erasuresFor(
  { store }: ReadDependencies,
  records: readonly (StoredRecord | null)[],
  signal: AbortSignal,
): Promise<ErasureIndex> {
  const bare = records.find((record) => record?.has_payload === true && record.payload === null);
  if (bare == null) return new ErasureIndex();
  return new ErasureIndex(await store.eraser.records({ tenant: bare.envelope.tenant, signal }));
}

function payloadOf(record: StoredRecord | null, erasures: ErasureIndex) {
  if (record === null) return null;
  const { envelope, payload, has_payload } = record;
  const under = payload === null && has_payload ? (erasures.covering(envelope)?.id ?? null) : null;
  const missing = under === null ? ("gone" as const) : ("erased" as const);
  const state = payload !== null ? ("stored" as const) : has_payload ? missing : ("none" as const);
  return { record_id: envelope.id, state, ...(under === null ? {} : { erased_under: under }), payload };
}
