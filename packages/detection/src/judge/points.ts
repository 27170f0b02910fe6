import type { Value } from "./argument-values.ts";

/** What each piece of evidence is worth. Fixed by reasoning over the ablations, fitted to nothing. */
export const POINTS = {
  dest_sentence: 4,
  dest_window: 1.5,
  dest_prose: 3,
  dest_labelled: 1.5,
  link_sentence: 1.5,
  payload_sentence: 3.5,
  payload: 1,
  privilege_sentence: 4,
  privilege_text: 4,
  soft_sentence: 1.5,
  soft_text: 1,
  id_named: 2.5,
  text_dictated: 1.5,
  action_sentence: 2,
  object: 1,
  literal: 2,
  second_value: 0.5,
  dest_assembled: 4,
  host_in_text: 2,
  carries_in_link: 3.5,
  carries_word_in_link: 2.5,
  carries_output: 2,
  irreversible: 2,
  dest_name: 1.5,
  amount_sentence: 2,
  code_verbatim: 1,
  target_known: -2,
  affinity: -4,
  reply_to_author: -2.5,
  same_org: -2.5,
  about_author: -2.5,
  about_item: -2.5,
  sought_text: -4.5,
  followed_text: -2.5,
  stands_apart: 2,
  of_author: -2.5,
} as const;
export type EvidenceName = keyof typeof POINTS;

export interface Contribution {
  name: EvidenceName;
  points: number;
}

/** What the judge makes of a call. */
export interface Verdict {
  total: number;
  contributions: Contribution[];
  /** Index of the call that brought the text. */
  source: number;
  /** Values of the call that only the text knows. */
  values: Value[];
}
