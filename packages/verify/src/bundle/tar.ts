/** POSIX ustar archives (IEEE Std 1003.1, "pax", ustar interchange format), as far as a bundle needs them: plain files. */

const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A file's header; its bytes follow, then `tarPadding`. @param time seconds since the epoch @throws RangeError for a path too long */
export function tarHeader(path: string, size: number, time: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => header.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  const { prefix, name } = split(path);
  put(name, 0);
  put(`${octal(0o644, 7)}\0`, 100);
  put(`${octal(0, 7)}\0`, 108);
  put(`${octal(0, 7)}\0`, 116);
  put(`${octal(size, 11)}\0`, 124);
  put(`${octal(time, 11)}\0`, 136);
  put("        ", 148);
  put("0", 156);
  put("ustar\x0000", 257);
  put(prefix, 345);
  let sum = 0;
  for (const byte of header) sum += byte;
  put(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** Zeroes after a file of this size. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}

/** The plain files of an archive, as views; null where it is none, or is cut off. */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> | null {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    const size = Number.parseInt(text(header, 124, 12), 8);
    let sum = 8 * 0x20;
    for (const [i, byte] of header.entries()) if (i < 148 || i >= 156) sum += byte;
    if (!Number.isSafeInteger(size) || size < 0 || Number.parseInt(text(header, 148, 8), 8) !== sum)
      return null;
    const start = at + BLOCK;
    if (start + size > archive.length) return null;
    const kind = header[156];
    if (kind === 0x30 || kind === 0) {
      const prefix = text(header, 345, PREFIX_BYTES);
      const name = text(header, 0, NAME_BYTES);
      files.set(
        (prefix === "" ? name : `${prefix}/${name}`).replace(/^\.\//, ""),
        archive.subarray(start, start + size),
      );
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return null;
}

function text(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return decoder.decode(end === -1 ? field : field.subarray(0, end)).trim();
}

function split(path: string): { prefix: string; name: string } {
  if (path.length <= NAME_BYTES) return { prefix: "", name: path };
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    if (path.length - slash - 1 <= NAME_BYTES && slash <= PREFIX_BYTES)
      return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
  }
  throw new RangeError(`a path of ${path.length} characters is too long for an archive`);
}
