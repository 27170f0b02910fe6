/** What a person who reads a definition does not see and a model does. No words of any language are looked at. */
export interface HiddenSign {
  name: string;
  points: number;
  /** Shown in alerts: says what it is, not what it hides. */
  note: string;
}

const TAGS = /[\u{e0000}-\u{e007f}]/u;
const FLAG = /\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}/gu; // England's, Scotland's and Wales' flags
const BIDI = /[\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noMisleadingCharacterClass: each of these alone is what is looked for
const INVISIBLE = /[\u200b\u2060-\u2064\ufeff]|(?<=[a-z])[\u200c\u200d\u00ad](?=[a-z])/gi;
const SELECTORS = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{4,}|[\u{e0100}-\u{e01ef}]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const TERMINAL = /\u001b[[\]()#;?]?[0-9A-ORZcf-nqry=><]|\u009b/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]/;
const GAP_CHARS = 120; // blanks in a row
const GAP_LINES = 15; // empty lines in a row
const COMMENT = /<!--([\s\S]{0,400}?)-->/;
const CHAT_TOKEN = /<\|[a-z_]{2,24}\|>|\[\/?INST\]|<\/?(?:system|assistant|tool_response|function_results)>/i;
const TAG_BLOCK = /<([A-Za-z][\w-]{2,24})>\s*(?=(?:\S+\s+){6})/;
const MARKUP =
  /^(?:p|b|i|u|a|ul|ol|li|br|em|strong|code|pre|div|span|table|tr|td|th|h[1-6]|html|body|head|img|example|examples|usage|parameters?|returns?|note|notes|string|number|integer|boolean|object|array|type|name|value|id|path|url|file|text|json|xml|svg|query|commentary|reasoning_steps)$/i;
const LATIN_AND_LOOKALIKE =
  /(?<!\p{L})(?=\p{L}{0,40}[a-z])(?=\p{L}{0,40}[\u0370-\u03ff\u0400-\u04ff])\p{L}{3}/iu;
const BASE64 = /(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{40,4000}={0,2}(?![A-Za-z0-9+/=_-])/g;
const MANY = 8; // invisible characters that carry something, not one that slipped in

export function hiddenSigns(where: string, text: string): HiddenSign[] {
  const found: HiddenSign[] = [];
  const sign = (name: string, points: number, note: string): void => {
    found.push({ name, points, note });
  };
  if (TAGS.test(text.replace(FLAG, "")))
    sign("tag_characters", 6, "letters of Unicode's tag block, which nothing shows");
  const turns = text.match(BIDI)?.length ?? 0;
  if (turns > 0) sign("direction_overrides", 4, "characters that turn the direction of text");
  const invisible = text.match(INVISIBLE)?.length ?? 0;
  if (invisible > 0)
    sign("invisible_characters", invisible >= MANY ? 4 : 2, `${invisible} invisible characters`);
  if (SELECTORS.test(text)) sign("variation_selectors", 5, "variation selectors that change no character");
  if (TERMINAL.test(text)) sign("terminal_escapes", 4, "escapes that a terminal obeys");
  else if (CONTROL.test(text)) sign("control_characters", 2, "control characters");
  if (hasGap(text)) sign("gap", 2.5, "a gap that pushes text out of sight");
  const comment = COMMENT.exec(text)?.[1];
  if (comment !== undefined && comment.trim().split(/\s+/).length >= 3)
    sign("comment", 3, "words in an HTML comment");
  if (CHAT_TOKEN.test(text)) sign("chat_markup", 3, "markup that separates the turns of a conversation");
  const block = TAG_BLOCK.exec(text)?.[1];
  if (block !== undefined && !MARKUP.test(block)) sign("tag_block", 1, "a block in tags of its own");
  if (LATIN_AND_LOOKALIKE.test(text)) {
    sign("mixed_letters", where === "name" ? 4 : 2, "words of letters from two alphabets that look alike");
  }
  for (const [blob] of text.matchAll(BASE64)) {
    if (!holdsWords(blob)) continue;
    sign("encoded_text", 3, "encoded text");
    break;
  }
  return found;
}

const BLANK = /[ \t\r\u00a0\u2000-\u200a\u3000]/;

/** Blanks or empty lines that push what follows out of sight. */
function hasGap(text: string): boolean {
  let blanks = 0;
  let lines = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\n") {
      lines += 1;
      blanks = 0;
    } else if (BLANK.test(char)) blanks += 1;
    else {
      if (lines >= GAP_LINES || blanks >= GAP_CHARS) return true;
      lines = 0;
      blanks = 0;
    }
  }
  return false;
}

const PRINTABLE_WORDS = /^[\t\n\r -~]{24,}$/;

/** Whether base64 gives readable text. Pure: decoded here, nothing else is done with it. */
function holdsWords(blob: string): boolean {
  if (/^[0-9a-f]+$/i.test(blob)) return false; // a hash
  const decoded = Buffer.from(blob, "base64").toString("latin1");
  return PRINTABLE_WORDS.test(decoded) && (decoded.match(/ /g)?.length ?? 0) >= 3;
}
