import type { Domain } from "../../generate/domain.ts";

export const DESKS: readonly Domain[] = [];
