import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

/** Remembers the events of a server's streams, so that clients can resume them. For tests: never forgets. */
export function createEventStore(): EventStore {
  const events: { stream: string; message: Parameters<EventStore["storeEvent"]>[1] }[] = [];
  return {
    async storeEvent(stream, message) {
      events.push({ stream, message });
      return String(events.length - 1);
    },
    async replayEventsAfter(lastEventId, { send }) {
      const last = Number(lastEventId);
      const stream = events[last]?.stream ?? "";
      for (let i = last + 1; i < events.length; i += 1) {
        const event = events[i];
        if (event?.stream === stream && Object.keys(event.message).length > 0) {
          await send(String(i), event.message);
        }
      }
      return stream;
    },
  };
}
