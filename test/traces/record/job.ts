import type { Random } from "../form/random.ts";
import type { Session, Start } from "./session.ts";
import type { Pages } from "./web.ts";

/** What a run finds on the machine: a home directory of its own and a small internet. */
export interface Place {
  home: string;
  proxy: string;
}

/** A task that is done in some variants, each with its own data. */
export interface Job {
  suite: string;
  task: string;
  variants: number;
  pages?(r: Random): Pages;
  /** Puts the files there and says which servers to start. */
  prepare(place: Place, r: Random): Start[];
  run(session: Session, r: Random, place: Place): Promise<void>;
}
