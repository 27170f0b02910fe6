/** Text that somebody else may have chosen, for a plain page: quoted, without control or format characters. */
export function quoteText(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
