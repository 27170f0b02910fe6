const MAX_ROUNDS = 2; // double encoding is used to get past filters, triple is not

/** A text as it is, and as it becomes when it is percent-decoded once and twice. */
export function decodedForms(text: string): string[] {
  const forms = [text];
  let last = text;
  for (let round = 0; round < MAX_ROUNDS && last.includes("%"); round += 1) {
    const decoded = decodePercent(last);
    if (decoded === last) break;
    forms.push(decoded);
    last = decoded;
  }
  return forms;
}

/** Percent-decoding that leaves alone what is none: captured text need not be well-formed. */
function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Buffer.from(run.replaceAll("%", ""), "hex");
    return bytes.toString("utf8");
  });
}
