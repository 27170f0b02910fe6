/**
 * Scores labelled traces: which runs raise an alert, when, by which rule, and how well the judge's score separates.
 * Pure: lines of a file in, figures out; `tripline eval` reads the files. No detector calls this.
 */

export type { BeforeHarm } from "./before-harm.ts";
export { fingerprinted } from "./captured-record.ts";
export {
  createTraceEvaluation,
  type PatternsMode,
  type TraceEvaluation,
  type TraceEvaluationOptions,
} from "./evaluation.ts";
export type { CurvePoint, Figures, FoldFigures, Macro, ModeFigures, Rate } from "./figures.ts";
export { LABELS, type LabelledTrace, parseLabelledTrace } from "./labelled-trace.ts";
export { parseToolLists, type ToolLists } from "./tool-lists.ts";
