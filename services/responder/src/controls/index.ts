/**
 * What people and the policy set at run time: mutes, exceptions of rules, proposals, halts. A compacted topic, a view of it in
 * memory, and the one place that writes to it. The responder's other folders use it; nobody else does.
 */
export * from "./controls-table.ts";
export * from "./controls-view.ts";
export * from "./controls-writer.ts";
