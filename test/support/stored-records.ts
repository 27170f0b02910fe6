import type { Standalone } from "./standalone.ts";

/** What tests look at of a row of `GET /api/calls`. */
export interface StoredRow {
  id: string;
  type: string;
  boot: string;
  seq: number;
  producer: string;
  call_id: string | null;
  credential: string | null;
  server: string | null;
  tool: string | null;
  outcome: string | null;
}

const PAGE_ROWS = 500; // the most that one page holds

/** Every row that matches, page by page. @param query as in a URL, e.g. `producer=gw&type=call` */
export async function storedRecords(tripline: Standalone, query: string): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  let cursor: string | null = null;
  do {
    const page: { calls: StoredRow[]; next: string | null } = await tripline.json(
      `/api/calls?${query}&limit=${PAGE_ROWS}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    rows.push(...page.calls);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}
