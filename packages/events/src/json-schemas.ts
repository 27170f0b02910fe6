import { z } from "zod";
import { alertSchema } from "./alert.ts";
import { controlSchema } from "./control.ts";
import { DEAD_LETTER_DECISION_HEADER } from "./dead-letter.ts";
import { envelopeSchema, RECORD_TYPES, type RecordType, requiredParts } from "./envelope.ts";
import { factSchema, tickSchema } from "./fact.ts";
import { incidentSchema, triageSchema } from "./incident.ts";
import { payloadSchema } from "./payload.ts";
import { signedRevocationSchema } from "./revocation.ts";
import { TOPIC_CLEANUP, TOPICS } from "./topics.ts";
import { upstreamSchema } from "./upstream.ts";
import { signedVerdictSchema } from "./verdict.ts";

/** The generated side of the contract: what `schemas/` holds. */

const jsonSchema = (schema: z.ZodType): Record<string, unknown> =>
  z.toJSONSchema(schema, { target: "draft-2020-12" }) as Record<string, unknown>;

/** JSON Schema (draft 2020-12) of a record of one type. */
export function recordJsonSchema(type: RecordType): Record<string, unknown> {
  const parts = Object.fromEntries(requiredParts(type).map((part) => [part, true as const]));
  const envelope = envelopeSchema.extend({ type: z.literal(type) }).required(parts as Record<string, never>);
  return jsonSchema(
    z.object({ envelope, payload: payloadSchema.optional() }).describe(`A Tripline record of type ${type}`),
  );
}

/** All generated files of `schemas/`: name -> content. */
export function schemaFiles(): Record<string, string> {
  const files: Record<string, unknown> = {
    "alert.schema.json": jsonSchema(alertSchema.describe("A rule's finding")),
    "fact.schema.json": jsonSchema(factSchema.describe("What a second-stage rule needs of a record")),
    "tick.schema.json": jsonSchema(
      tickSchema.describe("Every fact of a record appended before it lies before it in its partition"),
    ),
    "control.schema.json": jsonSchema(controlSchema.describe("An entry of the controls topic")),
    "incident.schema.json": jsonSchema(incidentSchema.describe("What on-call works with")),
    "triage.schema.json": jsonSchema(triageSchema.describe("One thing that incidents are made of")),
    "revocation.schema.json": jsonSchema(
      signedRevocationSchema.describe("An entry of the revocations topic"),
    ),
    "upstream.schema.json": jsonSchema(
      upstreamSchema.describe("How far a revocation is at its issuer: an entry of the upstream topic"),
    ),
    "verdict.schema.json": jsonSchema(signedVerdictSchema.describe("An entry of the verdicts topic")),
  };
  for (const type of RECORD_TYPES) files[`record.${type}.schema.json`] = recordJsonSchema(type);
  files["asyncapi.json"] = asyncApi();
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]),
  );
}

/** AsyncAPI 3.0 of the topics. */
function asyncApi(): unknown {
  const message = (name: string, file: string): unknown => ({
    name,
    contentType: "application/json",
    payload: { schemaFormat: "application/schema+json;version=draft-2020-12", schema: { $ref: `./${file}` } },
  });
  const messages = {
    [TOPICS.events]: Object.fromEntries(
      RECORD_TYPES.map((type) => [type, message(`tripline.${type}`, `record.${type}.schema.json`)]),
    ),
    [TOPICS.facts]: {
      fact: message("fact", "fact.schema.json"),
      tick: message("tick", "tick.schema.json"),
    },
    [TOPICS.alerts]: { alert: message("alert", "alert.schema.json") },
    [TOPICS.revocations]: { revocation: message("revocation", "revocation.schema.json") },
    [TOPICS.triage]: { triage: message("triage", "triage.schema.json") },
    [TOPICS.incidents]: { incident: message("incident", "incident.schema.json") },
    [TOPICS.controls]: { control: message("control", "control.schema.json") },
    [TOPICS.upstream]: { upstream: message("upstream", "upstream.schema.json") },
    [TOPICS.verdicts]: { verdict: message("verdict", "verdict.schema.json") },
    [TOPICS.state]: { snapshot: { name: "snapshot", contentType: "application/octet-stream" } },
    [TOPICS.erasures]: {
      erasure: message("tripline.erasure", "record.erasure.schema.json"),
      retention: message("tripline.retention", "record.retention.schema.json"),
    },
    [TOPICS.checkpoints]: {
      checkpoint: {
        name: "checkpoint",
        contentType: "text/plain",
        summary:
          "The root log's newest checkpoint: a signed note (C2SP tlog-checkpoint) with its cosignatures.",
      },
    },
    [TOPICS.deadLetters]: {
      deadLetter: { name: "dead letter", summary: "The original bytes and headers, and why." },
      decision: {
        name: "decision",
        summary: `What was decided about a letter: marked by the header ${DEAD_LETTER_DECISION_HEADER}.`,
      },
    },
  };
  const keys = {
    [TOPICS.events]: "tenant/credential; without a credential tenant/producer/session",
    [TOPICS.facts]: "tenant/group value",
    [TOPICS.alerts]: "tenant/alert id",
    [TOPICS.revocations]: "tenant/scope/subject/revocation id",
    [TOPICS.state]: "processor/partition/epoch/chunk",
    [TOPICS.deadLetters]: "the original key",
    [TOPICS.erasures]: "tenant/record id",
    [TOPICS.checkpoints]: "the log's origin",
    [TOPICS.triage]: "tenant/rule/subject of the incident",
    [TOPICS.incidents]: "tenant/incident id",
    [TOPICS.controls]: "tenant/kind/control id",
    [TOPICS.upstream]: "tenant/credential/subject/revocation id/revoker",
    [TOPICS.verdicts]: "tenant/producer id",
  };
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Tripline topics",
      version: "1",
      description: "Records carry CloudEvents 1.0 headers (Kafka binding, binary mode).",
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(
      Object.values(TOPICS).map((topic) => [
        topic,
        {
          address: topic,
          description: `Key: ${keys[topic]}.`,
          messages: messages[topic],
          bindings: { kafka: { topicConfiguration: { "cleanup.policy": [TOPIC_CLEANUP[topic]] } } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      Object.values(TOPICS).flatMap((topic) => [
        [`send ${topic}`, { action: "send", channel: { $ref: `#/channels/${topic}` } }],
        [`receive ${topic}`, { action: "receive", channel: { $ref: `#/channels/${topic}` } }],
      ]),
    ),
  };
}
