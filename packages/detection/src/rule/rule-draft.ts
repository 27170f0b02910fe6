import { hash } from "node:crypto";
import type { z } from "zod";
import { BoundedMap } from "../engine/bounded-map.ts";
import { type RuleDocument, readDocuments } from "./rule-documents.ts";
import {
  type CorrelationDocument,
  correlationDocumentSchema,
  type DetectionDocument,
  detectionDocumentSchema,
} from "./rule-file.ts";
import { type RuleFileProblem, RuleProblem } from "./rule-problem.ts";
import { schemaProblems } from "./schema-problems.ts";

/** One document of a rule file whose shape is right. */
export interface Draft {
  readonly file: string;
  /** SHA-256 (hex) of the file's text. */
  readonly hash: string;
  readonly document:
    | { readonly kind: "detection"; readonly definition: DetectionDocument }
    | {
        readonly kind: "correlation";
        readonly definition: CorrelationDocument;
        /** Whether its rules raise alerts of their own. */
        readonly generate: boolean;
      };
  /** Whether a correlation can refer to it so. */
  isCalled(reference: string): boolean;
  problem(problem: RuleProblem): RuleFileProblem;
}

const OTHER_DOCUMENTS: Readonly<Record<string, string>> = {
  filter:
    "expected a rule or a correlation, found a Sigma filter: write the exception into the rule's condition",
  action: "expected a rule or a correlation, found an `action`: write each document out",
};

interface Drafts {
  readonly drafts: readonly Draft[];
  readonly problems: readonly RuleFileProblem[];
}

const MAX_REMEMBERED = 200; // files; a set of rules is read again whenever one of them changes
const remembered = new BoundedMap<Drafts>(MAX_REMEMBERED); // of a pure function: it changes speed and nothing else

/** The documents of a file, and what is wrong with those that are no rules. */
export function readDrafts({ file, text }: { file: string; text: string }): Drafts {
  const textHash = hash("sha256", text, "hex");
  const key = `${textHash} ${file}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const read = readAnew(file, text, textHash);
  remembered.set(key, read);
  return read;
}

function readAnew(file: string, text: string, textHash: string): Drafts {
  const { documents, problems } = readDocuments(text, file);
  const drafts: Draft[] = [];
  for (const [index, document] of documents.entries()) {
    const parsed = parse(document.value);
    if (Array.isArray(parsed)) {
      problems.push(...parsed.map(located(file, document)));
      continue;
    }
    // What YAML made of the text is not kept for problems that most documents do not have.
    const locate = (problem: RuleProblem): RuleFileProblem =>
      located(file, readDocuments(text, file).documents[index])(problem);
    const { name, id } = parsed.definition;
    drafts.push({
      file,
      hash: textHash,
      document: parsed,
      isCalled: (reference) => reference === name || reference === id,
      problem: locate,
    });
  }
  if (documents.length === 0 && problems.length === 0)
    problems.push({ file, line: 1, path: "", message: "expected a rule, found nothing" });
  return { drafts, problems };
}

function located(
  file: string,
  document: RuleDocument | undefined,
): (problem: RuleProblem) => RuleFileProblem {
  return ({ path, message }) => ({
    file,
    line: document?.lineOf(path) ?? 1,
    path: path.map(String).join("."),
    message,
  });
}

function parse(value: unknown): Draft["document"] | RuleProblem[] {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return [new RuleProblem([], "expected a map such as `title: …`")];
  for (const [key, message] of Object.entries(OTHER_DOCUMENTS))
    if (Object.hasOwn(value, key)) return [new RuleProblem([key], message)];
  if (!Object.hasOwn(value, "correlation")) {
    const parsed = detectionDocumentSchema.safeParse(value);
    return parsed.success ? { kind: "detection", definition: parsed.data } : wrong(parsed.error, value);
  }
  if (Object.hasOwn(value, "detection")) {
    return [
      new RuleProblem(
        ["detection"],
        "expected the detection in a document of its own (`---`) with a `name`, which `correlation.rules` refers to",
      ),
    ];
  }
  const parsed = correlationDocumentSchema.safeParse(value);
  if (!parsed.success) return wrong(parsed.error, value);
  const { correlation, generate } = parsed.data;
  return {
    kind: "correlation",
    definition: parsed.data,
    generate: correlation.generate ?? generate ?? false,
  };
}

function wrong(error: z.ZodError, value: unknown): RuleProblem[] {
  return schemaProblems(error, value);
}
