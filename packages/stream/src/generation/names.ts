/** A log's generation as it stands in positions: the log and a number, e.g. `kafka-MkU3OEVB-2`. */
export interface GenerationName {
  log: string;
  number: number;
}

export function parseGeneration(generation: string): GenerationName {
  const [, log = generation, number = "1"] = /^(.+)-(\d{1,9})$/.exec(generation) ?? [];
  return { log, number: Number(number) };
}

export function generationName({ log, number }: GenerationName): string {
  return `${log}-${number}`;
}

/**
 * The first generation's topics have the plain names, which others read too; the topics of later ones stand beside them.
 * The embedded log's generations need no such names: each has a directory of its own.
 */
export function topicIn({ number }: GenerationName, topic: string): string {
  return number === 1 ? topic : `${topic}.g${number}`;
}
