import type { RuleFile } from "./rule-file.ts";

const DEFAULT_NEXT = [
  "Look at the calls that are named here, and ask whoever the key belongs to whether they were meant.",
];

/** A rule as its file says it, with what a plain Sigma rule leaves out. */
export type RuleDefinition = Omit<RuleFile, "tripline"> & {
  tripline: Omit<RuleFile["tripline"], "summary" | "why" | "next"> & {
    summary: string;
    why: string;
    next: string[];
  };
};

export function withDefaults(file: RuleFile): RuleDefinition {
  const { title, description, tripline } = file;
  return {
    ...file,
    tripline: {
      ...tripline,
      summary: tripline.summary ?? title.replaceAll(/[{}]/g, ""), // a title is no template
      why: tripline.why ?? description ?? title,
      next: tripline.next ?? DEFAULT_NEXT,
    },
  };
}
