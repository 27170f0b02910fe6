import { type Envelope, type ErasureCover, type ErasureIndex, erasureOf } from "@tripline/events";
import { type Access, accessOf, HttpError } from "@tripline/service";
import type { LeftOver } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { copiesOf } from "../erasures/copies.ts";
import type { ErasureRequests } from "../erasures/erasure-requests.ts";
import { addReadRoute, mayReadPayloads, NothingFound, type ReadDependencies } from "../read/read-route.ts";
import { errorAnswer, idParams } from "../schemas/common.ts";
import { eraseAnswer, eraseBody, erasureAnswer, erasuresAnswer, erasuresQuery } from "../schemas/erasures.ts";

export interface ErasureRoutesDeps extends ReadDependencies {
  requests: ErasureRequests;
  /** How long the operator keeps backups; undefined: nobody said. */
  backupDays: number | undefined;
}

const SUBJECT_ID = /^sub_[0-9a-f]{32}$/;

/** `POST /api/erasures`, `GET /api/erasures`, `GET /api/erasures/:id`. */
export function addErasureRoutes(app: FastifyInstance, dependencies: ErasureRoutesDeps): void {
  const { store, requests, backupDays, now } = dependencies;

  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/api/erasures",
    onRequest: dependencies.guards.requireRole("erase"),
    schema: {
      summary: "Erase payloads: of a principal (names too), of a session, of records, or by age",
      description:
        "Needs the role erase. Writes a record of type `erasure`; the eraser removes what it covers once it is archived, and no replay brings it back. 409 under a legal hold.",
      tags: ["erasures"],
      body: eraseBody,
      response: { 200: eraseAnswer, "4xx": errorAnswer, "5xx": errorAnswer },
      security: [{ token: [] }],
    },
    handler: async (request) => {
      const access = accessOf(request);
      const { reason, dry_run: dryRun, ...target } = request.body;
      const asker = { by: access.id, tenant: access.tenant, reason };
      const { left, ...erasure } = await requests.erase(asker, await coverOf(target, access), { dryRun });
      return { ...erasure, left: counts(left), copies: copies(left) };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/erasures",
    action: "erasures.search",
    role: "read",
    summary: "Erasures and retentions, newest first: what each covers, and what is left of it",
    tag: "erasures",
    params: z.object({}),
    query: erasuresQuery,
    answer: erasuresAnswer,
    async find({ query, access, signal }) {
      const index = await requests.index(access.tenant);
      const newest = ofTenant(index, access).slice(-query.limit).reverse();
      const erasures = [];
      for (const record of newest) erasures.push((await row(record, index, signal)).row);
      return { answer: { erasures }, records: erasures.length };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/erasures/:id",
    action: "erasure.read",
    role: "read",
    summary: "One erasure: how far it is, every other copy, and when each ends",
    tag: "erasures",
    params: idParams,
    query: z.strictObject({}),
    answer: erasureAnswer,
    async find({ params, access, signal }) {
      const index = await requests.index(access.tenant);
      const record = ofTenant(index, access).find(({ id }) => id === params.id);
      if (record === undefined) throw new NothingFound();
      const { row: erasure, left } = await row(record, index, signal);
      return { answer: { erasure, copies: copies(left, Date.parse(record.time)) }, records: 1 };
    },
  });

  async function coverOf(
    target: Omit<z.output<typeof eraseBody>, "reason" | "dry_run">,
    access: Access,
  ): Promise<ErasureCover> {
    const { principal, session, records, before = new Date(now()).toISOString() } = target;
    if (records !== undefined) return { kind: "records", ids: records };
    if (Date.parse(before) > now()) {
      throw new HttpError(
        400,
        "TRIPLINE_REQUEST_INVALID",
        "`before` is in the future: nothing to come is erased",
      );
    }
    if (session !== undefined) return { kind: "session", session, before };
    if (principal === undefined) return { kind: "age", before };
    return { kind: "principal", principal: await subjectOf(principal, access), before };
  }

  /** A name has to be of one person only, and whoever may not read names may not find people by them. */
  async function subjectOf(principal: string, access: Access): Promise<string> {
    if (SUBJECT_ID.test(principal)) return principal;
    if (!mayReadPayloads(access)) {
      throw new HttpError(
        403,
        "TRIPLINE_ROLE_MISSING",
        "finding a person by name needs the role read_payload too: give the subject id (sub_…)",
      );
    }
    const people = await store.reader({ tenant: access.tenant, payloads: true }).findPrincipals(principal);
    const [person] = people;
    if (person === undefined || people.length > 1) {
      const found = person === undefined ? "nobody has this name" : `${people.length} people have this name`;
      throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", `${found}: give the subject id (sub_…)`);
    }
    return person.subject_id;
  }

  async function row(record: Envelope, index: ErasureIndex, signal: AbortSignal) {
    const scopes = index.holds(record.tenant).map(({ scope }) => scope);
    const left = await store.eraser.left(record, scopes, { signal });
    const isArchived = await store.eraser.isArchived(record.id, { signal });
    const isDone = left.payloads === 0 && left.names === 0;
    const { erasure, retention } = record;
    const said = erasureOf(record);
    if (said === null) throw new NothingFound();
    return {
      left,
      row: {
        id: record.id,
        type: record.type === "erasure" ? ("erasure" as const) : ("retention" as const),
        time: record.time,
        by: erasure?.by ?? retention?.by ?? "",
        reason: erasure?.reason ?? null,
        covers: said.covers,
        state: isArchived ? (isDone ? ("done" as const) : ("erasing" as const)) : ("pending" as const),
        left: counts(left),
      },
    };
  }

  function copies(left: LeftOver, atMs: number = now()) {
    return copiesOf({ nowMs: atMs, newestAppend: left.newest_append, backupDays });
  }
}

function counts({ payloads, names, held }: LeftOver) {
  return { payloads, names, held };
}

function ofTenant(index: ErasureIndex, { tenant }: Access): Envelope[] {
  return index.records().filter((record) => record.tenant === tenant && erasureOf(record) !== null);
}
