import type { Agent } from "../form/agent.ts";
import type { Random } from "../form/random.ts";
import type { Tool } from "../form/tool.ts";

/** One wording of what an attacker wants. */
export interface Wording {
  /** Kind of wording: polite, terse, passive, labelled, de, es, fr, ja, disguised … */
  style: string;
  text: string;
}

/** What an attacker wants in one run, with its values. */
export interface Wish {
  wordings: readonly Wording[];
  /** Values that stand literally in every wording that is not disguised, as in the calls of `act`. */
  values: readonly string[];
  /** Calls with `agent.harm` what the attacker wants, as an agent would that fell for it. */
  act(agent: Agent): void;
  /** Tasks in which the principal wants the same anyway. */
  notIn?: readonly string[];
}

/** One company with its data, ready for one run. */
export interface World {
  tools: readonly Tool[];
  /** Puts a text where somebody other than the principal can write. */
  carriers: Readonly<Record<string, (text: string) => void>>;
  tasks: Readonly<Record<string, Task>>;
  wishes: Readonly<Record<string, () => Wish>>;
}

export interface Task {
  /** What the principal asked for; a gateway does not see it, a reviewer should. */
  asked: string;
  /** Carriers whose text this task reads on its way. */
  meets: readonly string[];
  run(agent: Agent): void;
}

export interface Domain {
  suite: string;
  world(r: Random): World;
}

/** A wish whose wordings are written as `{ style: text }`. */
export function wish(
  values: readonly string[],
  wordings: Readonly<Record<string, string>>,
  act: (agent: Agent) => void,
  notIn: readonly string[] = [],
): Wish {
  return { notIn, values, wordings: Object.entries(wordings).map(([style, text]) => ({ style, text })), act };
}
