/**
 * Which names with dots are hosts. Files, versions, abbreviations and code have dots too, so a name without scheme counts
 * only where its ending is a top-level domain that is no ending of files or members (`.py`, `.info`, `.log`).
 */
const DOMAINS = new Set(
  (
    "com org net edu gov int mil io dev app ai co biz xyz online site shop store tech cloud page blog news email agency " +
    "company systems solutions network digital example eu uk de fr nl ch us ca au jp cn ru br es se pt dk fi cz gr hu ie il " +
    "kr mx nz tr tw ua za sg hk ar cl ng ke ae sa lt lv ee sk bg hr lu"
  ).split(" "),
);
/** Only with a path behind the name, since words and files end so as well. */
const WITH_PATH = new Set(
  "me to it in is at be no ly gl gg info link live pro tv cc so my am fm la ws id ro si st".split(" "),
);

/** @param withPath whether a `/` stands behind the name */
export function isHostName(name: string, withPath: boolean): boolean {
  const dot = name.lastIndexOf(".");
  if (dot < 2) return false;
  const ending = name.slice(dot + 1).toLowerCase();
  if (!DOMAINS.has(ending) && !ending.startsWith("xn--") && !(withPath && WITH_PATH.has(ending)))
    return false;
  return name.split(".").every(isLabel) && /[a-z\u0080-\uffff]/i.test(name.slice(0, dot));
}

const MAX_LABEL_CHARS = 63;

export function isLabel(label: string): boolean {
  return (
    label.length > 0 &&
    label.length <= MAX_LABEL_CHARS &&
    /^[a-z0-9\u0080-\uffff-]+$/i.test(label) &&
    !label.startsWith("-") &&
    !label.endsWith("-")
  );
}
