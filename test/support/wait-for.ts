import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10; // short beside any deadline used in tests, long beside one check

/**
 * Resolves with the first value of `condition` that is neither false, null nor undefined.
 * Rejects after `timeoutMs` (default 10 s), naming `what` was waited for and the last error seen.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; what?: string } = {},
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = Date.now() + (options.timeoutMs ?? 10_000);
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined)
        return value as Exclude<NonNullable<T>, false>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`timed out waiting for ${options.what ?? condition.toString()}`, { cause: lastError });
    }
    await delay(POLL_MS);
  }
}
