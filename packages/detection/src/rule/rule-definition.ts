import type { CorrelationDocument, DetectionDocument } from "./rule-file.ts";

const DEFAULT_NEXT = [
  "Look at the calls that are named here, and ask whoever the key belongs to whether they were meant.",
];

type Document = DetectionDocument | CorrelationDocument;

/** A rule as its document says it, with what a plain Sigma rule leaves out. */
export type RuleDefinition = Omit<Document, "tripline"> & {
  tripline: Omit<Document["tripline"], "summary" | "why" | "next"> & {
    summary: string;
    why: string;
    next: string[];
  };
  /** Whose records it is about; of a correlation, those of all its rules. */
  logsource: Pick<DetectionDocument["logsource"], "category">;
};

export type LogsourceCategory = DetectionDocument["logsource"]["category"];

/** @param category whose records the rule is about */
export function withDefaults(document: Document, category: LogsourceCategory): RuleDefinition {
  const { title, description, tripline } = document;
  return {
    ...document,
    logsource: { category },
    tripline: {
      ...tripline,
      summary: tripline.summary ?? title.replaceAll(/[{}]/g, ""), // a title is no template
      why: tripline.why ?? description ?? title,
      next: tripline.next ?? DEFAULT_NEXT,
    },
  };
}
