import { type Access, accessOf, HttpError, type Role } from "@tripline/service";
import { encodeBlock, encodeColumns, encodePlaced, rowsIn, type SealedReader } from "@tripline/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { type ReadDependencies, recordReading } from "../read/read-route.ts";
import { errorAnswer } from "../schemas/common.ts";
import {
  columnsQuery,
  idsQuery,
  noQuery,
  partitionsAnswer,
  sealedQuery,
  straysQuery,
} from "../schemas/ledger.ts";

export interface LedgerRouteDeps extends ReadDependencies {
  /** Whether this is one who runs the installation: a partition holds every tenant's records. */
  isOperator(access: Access): boolean;
}

const ROLE: Role = "read_payload";
const NEEDS = "Needs the roles read_payload and administer in the operator's tenant.";
const FRAMES =
  "Answers application/octet-stream: items of one byte that says what it is (1 record, 2 payload, 3 dead letter, 4 record with its partition; 0 ends), the position in 6 bytes, ids in 16, lengths in 4 (all ones: not there), all big endian.";

/** What verifying needs of the store: exact bytes by position, of every tenant. */
export function addLedgerRoutes(untyped: FastifyInstance, dependencies: LedgerRouteDeps): void {
  const app = untyped.withTypeProvider<ZodTypeProvider>();
  const { sealed } = dependencies.store;
  const common = { tags: ["ledger"], security: [{ token: [] }] };
  const guards = { onRequest: dependencies.guards.requireRole(ROLE) };

  app.route({
    ...guards,
    method: "GET",
    url: "/api/ledger/records",
    schema: {
      ...common,
      summary: "Records, payloads and dead letters of some positions, in their exact bytes",
      description: `${NEEDS} Recorded as \`ledger.read\`. ${FRAMES}`,
      querystring: sealedQuery,
    },
    handler: (request, reply) => {
      const { exact, ...stretch } = request.query;
      return answer(request, reply, "ledger.read", async (signal) => {
        const block =
          exact === "true"
            ? await sealed.exact(stretch, { signal })
            : await sealed.block(stretch, { signal });
        return { bytes: encodeBlock(block), records: block.rows.length };
      });
    },
  });

  app.route({
    ...guards,
    method: "GET",
    url: "/api/ledger/columns",
    schema: {
      ...common,
      summary: "The same by column, as the database sends them: for whoever reads millions",
      description: `${NEEDS} Recorded as \`ledger.read\`. Answers application/octet-stream: for the records and for the payloads a mark of 24 bytes, a length in 4 bytes (big endian) and an answer in ClickHouse's Native format, the first column of which is the mark; then the dead letters as \`/api/ledger/records\` sends them. In no order.`,
      querystring: columnsQuery,
    },
    handler: (request, reply) =>
      answer(request, reply, "ledger.read", async (signal) => {
        const columns = await sealed.columns(request.query, { signal });
        return { bytes: encodeColumns(columns), records: rowsIn(columns.records) };
      }),
  });

  app.route({
    ...guards,
    method: "GET",
    url: "/api/ledger/records-by-id",
    schema: {
      ...common,
      summary: "Records by their ids, in their exact bytes, wherever they are",
      description: `${NEEDS} Recorded as \`ledger.find\`. ${FRAMES}`,
      querystring: idsQuery,
    },
    handler: (request, reply) =>
      answer(request, reply, "ledger.find", async (signal) =>
        placed(await sealed.byId(request.query.ids, { signal })),
      ),
  });

  app.route({
    ...guards,
    method: "GET",
    url: "/api/ledger/strays",
    schema: {
      ...common,
      summary: "Records of a time that are not at the positions of that time",
      description: `${NEEDS} Recorded as \`ledger.strays\`. ${FRAMES}`,
      querystring: straysQuery,
    },
    handler: (request, reply) => {
      const { since, until, besides, skip } = request.query;
      return answer(request, reply, "ledger.strays", async (signal) => {
        const range = { since: since ?? null, until: until ?? null, besides: besides ?? [], skip: skip ?? 0 };
        return placed(await sealed.strays(range, { signal }));
      });
    },
  });

  app.route({
    ...guards,
    method: "GET",
    url: "/api/ledger/erasures",
    schema: {
      ...common,
      summary: "All records of erasures and retention, in their exact bytes",
      description: `${NEEDS} Recorded as \`ledger.erasures\`. ${FRAMES}`,
      querystring: noQuery,
    },
    handler: (request, reply) =>
      answer(request, reply, "ledger.erasures", async (signal) => placed(await sealed.erasures({ signal }))),
  });

  app.route({
    ...guards,
    method: "GET",
    url: "/api/ledger/partitions",
    schema: {
      ...common,
      summary: "How many records are stored of each partition",
      description: `${NEEDS} Recorded as \`ledger.partitions\`.`,
      querystring: noQuery,
      response: { 200: partitionsAnswer, "4xx": errorAnswer, "5xx": errorAnswer },
    },
    handler: async (request, reply) => {
      const access = operator(request);
      const partitions = await sealed.partitions({ signal: goneOf(reply) });
      await recordReading(dependencies, access, "ledger.partitions", {}, 0);
      return { partitions };
    },
  });

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    action: string,
    read: (signal: AbortSignal) => Promise<{ bytes: Buffer; records: number }>,
  ): Promise<FastifyReply> {
    const access = operator(request);
    const { bytes, records } = await read(goneOf(reply));
    await recordReading(dependencies, access, action, { ...Object(request.query) }, records);
    return reply.type("application/octet-stream").send(bytes);
  }

  function operator(request: FastifyRequest): Access {
    const access = accessOf(request);
    if (dependencies.isOperator(access)) return access;
    throw new HttpError(
      403,
      "TRIPLINE_ROLE_MISSING",
      "a partition holds every tenant's records: this needs a token of who runs the installation, with the roles read_payload and administer",
    );
  }
}

function placed(rows: Awaited<ReturnType<SealedReader["byId"]>>): { bytes: Buffer; records: number } {
  return { bytes: encodePlaced(rows), records: rows.length };
}

function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}
