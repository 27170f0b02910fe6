import type { Witness } from "@tripline/ledger";
import { counter, HttpError, type ServiceContext } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";

const BODY_LIMIT_BYTES = 64 * 1024; // 63 hashes and a checkpoint with dozens of signatures

/** `POST /add-checkpoint` (C2SP tlog-witness), and `GET /keys`: the verifier keys, a line each. */
export function witnessRoutes(deps: {
  witness: Witness;
  verifierKeys: readonly string[];
  context: ServiceContext;
  /** Called when nothing can be remembered any more: the process has to end. */
  onBroken(error: unknown): void;
}): FastifyPluginAsync {
  const { logger, metrics } = deps.context;
  const answers = counter(metrics, {
    name: "tripline_witness_answers_total",
    help: "Answers to add-checkpoint, by what was decided",
    labels: ["outcome"],
  });
  return async (app) => {
    app.removeAllContentTypeParsers(); // logs send what type they like, or none
    app.addContentTypeParser(
      "*",
      { parseAs: "buffer", bodyLimit: BODY_LIMIT_BYTES },
      (_request, body, done) => done(null, body),
    );
    app.get("/keys", async (_request, reply) =>
      reply.type("text/plain; charset=utf-8").send(deps.verifierKeys.map((key) => `${key}\n`).join("")),
    );
    app.post("/add-checkpoint", async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      try {
        const {
          status,
          contentType,
          body: text,
          outcome,
          origin,
          contradiction,
        } = await deps.witness.addCheckpoint(body);
        answers.inc({ outcome });
        if (contradiction !== null) {
          // The evidence, with the log's own signatures; nothing in it is secret.
          logger.warn({ origin, outcome, ...contradiction }, "a log contradicts what it showed before");
        } else logger.debug({ origin, outcome }, "answered");
        // Set by hand: Fastify would add a charset to the type that the protocol compares.
        return await reply.code(status).header("content-type", contentType).send(Buffer.from(text));
      } catch (error) {
        deps.onBroken(error);
        throw new HttpError(
          503,
          "TRIPLINE_WITNESS_BROKEN",
          "this witness can't remember what it cosigns: nothing was signed",
          {
            cause: error,
          },
        );
      }
    });
  };
}
