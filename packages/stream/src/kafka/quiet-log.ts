const AGAIN_AFTER_MS = 30_000; // while brokers are away kafkajs says the same ten times a second
const MAX_KNOWN = 200; // different messages; they name brokers and topics

/** Says each message once, and after half a minute again, with how often it came meanwhile. */
export function quietly<T>(
  say: (level: T, message: string) => void,
  now: () => number = () => performance.now(),
): (entry: { level: T; message: string }) => void {
  const known = new Map<string, { at: number; held: number }>();
  return ({ level, message }) => {
    const last = known.get(message);
    const time = now();
    if (last !== undefined && time - last.at < AGAIN_AFTER_MS) {
      last.held += 1;
      return;
    }
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(message, { at: time, held: 0 });
    say(
      level,
      last === undefined || last.held === 0 ? message : `${message} (and ${last.held} times since the last)`,
    );
  };
}
