import { setImmediate as nextTurn } from "node:timers/promises";

const TURN = 100; // records; 1 to 2 ms, so that a full range does not hold up what else this process serves

/** The turns of all partitions in one queue: side by side in one round of the event loop they would add up to a pause. */
let lastTurn: Promise<void> = Promise.resolve();

function turn(): Promise<void> {
  lastTurn = lastTurn.then(() => nextTurn());
  return lastTurn;
}

/** Maps a list, letting others run now and then. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < items.length; first += TURN) {
    await turn();
    for (const item of items.slice(first, first + TURN)) results.push(map(item));
  }
  return results;
}
