import type { Access } from "@tripline/service";

/** One reading, as it is written into the record. */
export interface Reading {
  tenant: string;
  /** id of the token */
  by: string;
  /** e.g. `calls.search`, `payload.read` */
  action: string;
  /** see `canonicalQuery` */
  query: string;
  /** how many records the answer holds */
  records: number;
}

/** Writes readings. Resolves when the reading is durable; rejects when it can't be, and then nothing is answered. */
export interface ReadingRecorder {
  record(reading: Reading): Promise<void>;
}

export function readingBy(access: Access, action: string, query: string, records: number): Reading {
  return { tenant: access.tenant, by: access.id, action, query, records };
}
