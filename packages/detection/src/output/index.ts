/**
 * Any tool's output as leaves: values with their names and records, and free text apart from fields. Pure, bounded,
 * linear. The judge, the trifecta and whatever asks where a value came from read outputs through this.
 */
export type { Leaf } from "./leaf.ts";
export { leavesOf } from "./leaves-of.ts";
export { isProse } from "./prose.ts";
