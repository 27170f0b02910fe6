/**
 * Erases payloads and names that an archived record covers, and writes the records by which they are over their age.
 * Composed by services/standalone, or alone through main.ts; nothing else imports it.
 */

export { type RetentionDays, retentionKeys } from "./config.ts";
export { createEraserPart, type EraserDependencies } from "./eraser-part.ts";
