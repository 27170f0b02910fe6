/** A piece of a tool's output: a field's value, a cell, a line of a terminal, or free text that somebody wrote. */
export interface Leaf {
  /** Names and list positions joined by dots: `messages.0.body`. Empty where the output names nothing. */
  path: string;
  text: string;
  /** Leaves of one element of a list, one row, one `key: value` block share a number. */
  record: number;
  /** True for free text; false for what the system that holds the data vouches for (`sender: ana@…`). */
  prose: boolean;
}

export const MAX_OUTPUT_CHARS = 128 * 1024; // of one output; captured results are cut at 128 KiB before
export const MAX_LEAVES = 4096; // of one output; what lies behind becomes one last leaf
const MAX_PATH_CHARS = 256; // names in an output are captured text: no path grows without end

/** Collects the leaves of one output, and the record that new ones belong to. */
export class Leaves {
  readonly list: Leaf[] = [];
  record = 0;
  #records = 0;
  #rest: string[] = [];
  #restIsProse = false;

  get full(): boolean {
    return this.list.length >= MAX_LEAVES;
  }

  /** How many records were begun: equal before and after a piece when the piece began none. */
  get records(): number {
    return this.#records;
  }

  newRecord(): number {
    this.#records += 1;
    return this.#records;
  }

  add(path: string, text: string, prose: boolean): void {
    if (text === "") return;
    if (!this.full) this.list.push({ path, text, record: this.record, prose });
    else {
      this.#rest.push(text);
      this.#restIsProse ||= prose;
    }
  }

  /** The leaves; what came behind the last one that fits is one more, in a record of its own. */
  finish(): Leaf[] {
    if (this.#rest.length > 0)
      this.list.push({
        path: "",
        text: this.#rest.join("\n"),
        record: this.newRecord(),
        prose: this.#restIsProse,
      });
    this.#rest = [];
    return this.list;
  }

  /** Leaves `from` to `to` become part of one record. */
  merge(record: number, from: number, to = this.list.length): void {
    for (let at = from; at < to; at += 1) {
      const leaf = this.list[at];
      if (leaf !== undefined) leaf.record = record;
    }
  }

  /** Leaves from `from` on become part of one record, except those whose own record holds free text. */
  mergeFields(record: number, from: number): void {
    const written = new Set<number>();
    for (let at = from; at < this.list.length; at += 1) {
      const leaf = this.list[at];
      if (leaf?.prose === true) written.add(leaf.record);
    }
    for (let at = from; at < this.list.length; at += 1) {
      const leaf = this.list[at];
      if (leaf !== undefined && !written.has(leaf.record)) leaf.record = record;
    }
  }

  /** Forgets the leaves behind the first `count`: what was read as one format turned out to be another. */
  drop(count: number): void {
    this.list.length = count;
  }
}

export function joined(path: string, name: string | number): string {
  if (path === "") return String(name).slice(0, MAX_PATH_CHARS);
  return path.length > MAX_PATH_CHARS ? path : `${path}.${name}`;
}

const STRANGE_KEY = /[@/]|\.\w|\d{6}/;
const LONG_KEY_CHARS = 32;

/** Whether a name in an output is itself a value: an address, a path, a title. It is a leaf then, too. */
export function isValueAsKey(name: string): boolean {
  if (name.length > LONG_KEY_CHARS) return true;
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at) | 32;
    // Nearly all names are letters and `_`: only for others the pattern is asked.
    if ((code < 97 || code > 122) && code !== 127) return STRANGE_KEY.test(name);
  }
  return false;
}
