/**
 * The questions that all engines are asked. A match is a record that completes one, counted once, whatever the number of
 * ways in which it does.
 */
export const QUESTIONS = ["two-steps", "three-steps", "count", "distinct"] as const;
export type Question = (typeof QUESTIONS)[number];

export const STEP_TOOLS = ["read_secret", "forward_email", "invite_user"] as const;
export const COUNTED_TOOL = "execute_command";
export const DISTINCT_TOOLS = [
  ...["delete_file", "delete_record", "merge_pull_request", "restart_service"],
  ...["create_invoice", "deploy_service", "grant_permission", "send_money"],
];
export const COUNT = 20;
export const DISTINCT = 5;
/** Odd, and all record times are even: engines differ in whether the very edge of a window is inside. */
export const STEPS_WITHIN_MS = 599_999;
export const COUNT_WITHIN_MS = 599_999;
export const DISTINCT_WITHIN_MS = 299_999;
