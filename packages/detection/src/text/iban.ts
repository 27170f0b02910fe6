const FORM = /^[A-Z]{2}\d{2}[A-Z0-9]{8,30}$/;
const MIN_CHARS = 14; // the shortest in use has 15
const LONG_CHARS = 16; // with these, other checksums are taken too: test data and typing errors are accounts all the same

/**
 * Whether a text without spaces is an account number as ISO 13616 has them: two letters, two digits, up to thirty more.
 * @param checked whether its checksum (modulo 97) must hold, as where spaces were taken out
 */
export function isIban(text: string, checked: boolean): boolean {
  if (text.length < MIN_CHARS || !FORM.test(text)) return false;
  if (!checked && (text.length >= LONG_CHARS || /\d{6}/.test(text))) return true;
  let rest = 0;
  const moved = text.slice(4) + text.slice(0, 4);
  for (let at = 0; at < moved.length; at += 1) {
    const code = moved.charCodeAt(at);
    rest = code <= 57 ? (rest * 10 + code - 48) % 97 : (rest * 100 + code - 55) % 97;
  }
  return rest === 1;
}
