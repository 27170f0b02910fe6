import { LedgerError } from "../errors.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { isKeyName, KEY_ID_BYTES } from "./key-id.ts";
import { decodeText, encodeText, isNoteCharacters } from "./text.ts";

/** C2SP signed-note: text, an empty line, signature lines. Shape only; `open.ts` verifies. */

const MAX_NOTE_BYTES = 1_000_000; // as golang.org/x/mod/sumdb/note; a checkpoint has less than 10 kB
const MAX_SIGNATURES = 100; // as golang.org/x/mod/sumdb/note; the specification asks for 16 at least

const SIGNATURE_PREFIX = "\u2014 "; // em dash, space

export interface NoteSignature {
  /** The key's name: not empty, no white space, no plus. */
  name: string;
  /** 4 bytes. Name and id together say which key is meant. */
  keyId: Uint8Array;
  /** What the key's algorithm made, without the key id; at least one byte. */
  signature: Uint8Array;
}

export interface Note {
  /** What is signed. Ends with a newline. To be ignored unless a trusted key's signature verified. */
  text: string;
  signatures: NoteSignature[];
}

/** @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES) throw malformed(`it is longer than ${MAX_NOTE_BYTES} bytes`);
  const whole = decodeText(bytes);
  if (whole === null) throw malformed("it is not UTF-8");
  if (!isNoteCharacters(whole)) throw malformed("it has a control character other than newline");
  const gap = whole.lastIndexOf("\n\n");
  if (gap < 0) throw malformed("no empty line sets signatures apart from the text");
  const signatures = parseSignatureLines(whole.slice(gap + 2));
  if (signatures.length === 0) throw malformed("it has no signature");
  return { text: whole.slice(0, gap + 1), signatures };
}

/** The note's bytes. @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED for what no note can hold */
export function encodeNote(note: Note): Uint8Array {
  if (!isNoteText(note.text)) {
    throw malformed("its text does not end with a newline, or has control characters or lone surrogates");
  }
  if (note.signatures.length === 0) throw malformed("it has no signature");
  return encodeText(`${note.text}\n${encodeSignatureLines(note.signatures)}`);
}

/** Whether this can be a note's text: ends with a newline, no other control character, can be UTF-8. */
export function isNoteText(text: string): boolean {
  return text.endsWith("\n") && isNoteCharacters(text);
}

/** Lines as a note ends with, and as a witness answers. @throws LedgerError TRIPLINE_LEDGER_NOTE_MALFORMED */
export function parseSignatureLines(text: string): NoteSignature[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw malformed("its last line does not end with a newline");
  const lines = text.slice(0, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw malformed(`it has more than ${MAX_SIGNATURES} signatures`);
  return lines.map(parseSignatureLine);
}

export function encodeSignatureLines(signatures: readonly NoteSignature[]): string {
  if (signatures.length > MAX_SIGNATURES) throw malformed(`it has more than ${MAX_SIGNATURES} signatures`);
  return signatures.map(encodeSignatureLine).join("");
}

function parseSignatureLine(line: string): NoteSignature {
  const [name = "", encoded = "", ...more] = line.startsWith(SIGNATURE_PREFIX)
    ? line.slice(SIGNATURE_PREFIX.length).split(" ")
    : [];
  const bytes = decodeBase64(encoded);
  if (!isKeyName(name) || bytes === null || bytes.length <= KEY_ID_BYTES || more.length > 0) {
    throw malformed("a signature line is not `\u2014 NAME BASE64`");
  }
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}

function encodeSignatureLine({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw malformed("a key's name is empty or has white space or a plus");
  if (keyId.length !== KEY_ID_BYTES || signature.length === 0) {
    throw malformed("a signature has no 4 byte key id, or is empty");
  }
  const bytes = new Uint8Array(keyId.length + signature.length);
  bytes.set(keyId);
  bytes.set(signature, keyId.length);
  return `${SIGNATURE_PREFIX}${name} ${encodeBase64(bytes)}\n`;
}

function malformed(why: string): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_NOTE_MALFORMED", `this is not a signed note: ${why}`);
}
