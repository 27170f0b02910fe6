import type { Consumer } from "kafkajs";

// kafkajs waits for a join that is under way, and a broker that has just come back may hold one up for a minute.
const DISCONNECT_TIMEOUT_MS = 5_000;

/**
 * Leaves the group and closes the connections; at the latest after 5 s it is left behind, and the group notices by its
 * silence. Nothing is committed or handed out by then, so that nothing is lost.
 */
export async function disconnect(consumer: Consumer): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DISCONNECT_TIMEOUT_MS);
  const leaving = consumer.disconnect();
  leaving.catch(() => undefined); // heard of below, unless it comes too late to matter
  try {
    await Promise.race([leaving, late]);
  } finally {
    clearTimeout(timer);
  }
}
