/** What a question may cost. People wait for all of these; reports over months are not asked here. */

import { MAX_HISTORY_ROWS, MAX_PAGE_ROWS } from "./types.ts";

export const PAGE_LIMITS = { seconds: 5, rows: MAX_PAGE_ROWS + 1 };
/** Text searches are bound queries, and those run one at a time in the whole process. */
export const SEARCH_LIMITS = { seconds: 5, rows: MAX_PAGE_ROWS + 1 };
export const LOOKUP_LIMITS = { seconds: 5, rows: 1_000 };
export const COUNT_LIMITS = { seconds: 5, rows: 2_000 };
/** A program reads page after page; each is short beside what is done with it. A payload can be there twice after a crash. */
export const HISTORY_LIMITS = { seconds: 20, rows: 2 * MAX_HISTORY_ROWS + 1 };
