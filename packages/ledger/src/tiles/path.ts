import { LedgerError } from "../errors.ts";
import { checkSize } from "../tree/size.ts";
import { TILE_WIDTH, type TileId } from "./geometry.ts";

export const CHECKPOINT_PATH = "checkpoint";
const MAX_LEVEL = 63;

/** What a path of C2SP tlog-tiles names. */
export type TileResource = ({ kind: "tile" } & TileId) | { kind: "entries"; index: number; width: number };

/** `tile/0/x001/x234/067`, `tile/0/x001/x234/067.p/8`. @throws LedgerError TRIPLINE_LEDGER_INVALID */
export function tilePath({ level, index, width }: TileId): string {
  if (!Number.isInteger(level) || level < 0 || level > MAX_LEVEL) throw invalid(`there is no level ${level}`);
  return `tile/${level}/${indexPath(index)}${suffix(width)}`;
}

/** `tile/entries/x001/x234/067`, `tile/entries/x001/x234/067.p/8`. @throws LedgerError TRIPLINE_LEDGER_INVALID */
export function bundlePath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${indexPath(index)}${suffix(width)}`;
}

/** Null for what is not a tile's or a bundle's path in the one spelling it has. */
export function parseTilePath(path: string): TileResource | null {
  const [, where = "", digits = "", partial] =
    /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path) ?? [];
  const index = Number(digits.replaceAll(/[x/]/g, ""));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (where === "" || !Number.isSafeInteger(index) || width === 0 || width > TILE_WIDTH) return null;
  const level = Number(where);
  const resource: TileResource =
    where === "entries" ? { kind: "entries", index, width } : { kind: "tile", level, index, width };
  if (resource.kind === "tile" && level > MAX_LEVEL) return null;
  return resourcePath(resource) === path ? resource : null;
}

export function resourcePath(resource: TileResource): string {
  return resource.kind === "tile" ? tilePath(resource) : bundlePath(resource.index, resource.width);
}

function indexPath(index: number): string {
  checkSize(index, "a tile's index");
  const groups = [lastDigits(index)];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${lastDigits(rest)}`);
  return groups.join("/");
}

function lastDigits(index: number): string {
  return String(index % 1000).padStart(3, "0");
}

function suffix(width: number): string {
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH)
    throw invalid(`a tile has 1 to ${TILE_WIDTH} hashes, not ${width}`);
  return width === TILE_WIDTH ? "" : `.p/${width}`;
}

function invalid(why: string): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_INVALID", `this is not a tile: ${why}`);
}
