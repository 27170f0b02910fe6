import { seeded } from "./seeded.ts";

/**
 * Secrets of every kind that is recognised, made at run time. All hold MARK, so that one search finds any of them, and
 * right behind it the place where it was planted.
 */
export const MARK = "QZ7X9K";

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ALL = `${UPPER}abcdefghijklmnopqrstuvwxyz`;
const random = seeded(7);

function characters(from: string, count: number): string {
  return Array.from({ length: count }, () => from[Math.floor(random() * from.length)]).join("");
}

/** `place`: upper-case letters and digits. */
const make = (place: string, length: number, from = ALL): string => {
  const head = MARK + place;
  return head + characters(from, Math.max(0, length - head.length));
};

/** Each kind in a text as people and programs write it. */
const KINDS: Readonly<Record<string, (place: string) => string>> = {
  private_key: (place) => {
    const name = ["RSA", "PRIVATE", "KEY"].join(" ");
    return `-----BEGIN ${name}-----\n${make(place, 64)}\n${make(place, 64)}\n-----END ${name}-----`;
  },
  jwt: (place) => `eyJ${make(place, 24)}.eyJ${make(place, 40)}.${make(place, 43)}`,
  aws: (place) => `${"AK"}IA${make(place, 16, UPPER)}`,
  github: (place) => `${"gh"}p_${make(place, 36)}`,
  github_pat: (place) => `${"github"}_pat_${make(place, 60)}`,
  gitlab: (place) => `${"gl"}pat-${make(place, 20)}`,
  slack: (place) => `${"xo"}xb-${make(place, 30)}`,
  stripe: (place) => `${"sk"}_live_${make(place, 24)}`,
  model: (place) => `${"sk"}-${make(place, 40)}`,
  google: (place) => `${"AI"}za${make(place, 35)}`,
  npm: (place) => `${"np"}m_${make(place, 36)}`,
  sendgrid: (place) => `${"S"}G.${make(place, 22)}.${make(place, 43)}`,
  hugging_face: (place) => `${"h"}f_${make(place, 34)}`,
  vault: (place) => `${"hv"}s.${make(place, 24)}`,
  tripline: (place) => `${"tl"}p_${make(place, 43)}`,
  bearer: (place) => `Authorization: Bearer ${make(place, 32)}`,
  url: (place) => `postgres://app:${make(place, 20)}@db.internal:5432/app`,
  named: (place) => `please use password: ${make(place, 20)}, thanks`,
  quoted: (place) => `{"client_secret": "${make(place, 24)}"}`,
  line: (place) => `API_KEY=${make(place, 24)}`,
};
export const KIND_COUNT = Object.keys(KINDS).length;

/** One text with a secret of each kind, for one place. */
export function secretsFor(place: string): string {
  return Object.values(KINDS)
    .map((kind) => kind(place))
    .join("\nand then\n");
}

/** An opaque secret: only its property's name, or where it stands, gives it away. */
export function opaqueFor(place: string): string {
  return make(place, 28);
}

/** Arguments that hold secrets in every position of a JSON value. @param place upper-case letters and digits */
export function secretArguments(place: string): Record<string, unknown> {
  const nested = JSON.stringify({ config: JSON.stringify({ api_key: opaqueFor(`${place}N`) }) });
  return {
    plain: secretsFor(`${place}A`),
    deep: [{ list: [secretsFor(`${place}D`)] }],
    [`key ${KINDS.github?.(`${place}K`)}`]: "an object's key",
    nested,
    text_in_text: JSON.stringify({ inner: secretsFor(`${place}T`) }),
    dbPassword: opaqueFor(`${place}P`),
    headers: { Authorization: opaqueFor(`${place}H`), cookie: opaqueFor(`${place}C`) },
  };
}
