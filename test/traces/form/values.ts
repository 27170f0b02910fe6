import type { Random } from "./random.ts";

const FIRST = (
  "Amelia Jonas Priya Mateo Ingrid Kwame Yuki Léa Tomasz Fatima Declan Sofia Henrik Noor Gabriel Hana Olu Bianca Rafael Elif Marta Anders Chloé " +
  "Dmitri Leila Owen Paula Samir Vera Xavier Zoe Björn Carmen Farid Greta Hugo Iris Jamal Katarina Luca Maeve Nikhil Petra Quentin Rosa Stefan " +
  "Tamara Ulrich Wendy Yusuf Ada Bram Celeste Dario Esme Felix Giulia Hamid Ines Joost"
).split(" ");
const LAST = (
  "Whitfield Lindqvist Raman Ortega Solberg Mensah Tanaka Moreau Kowalski Haddad Byrne Marchetti Aaltonen Rahimi Duarte Novak Adeyemi Costa " +
  "Fischer Yilmaz Horvat Nyström Lambert Volkov Nasser Pritchard Esteban Chaudhry Bauer Delacroix Okafor Eriksen Vidal Karimi Schuster Bellini " +
  "Takahashi Thorne Petrov Quigley Mbeki Vance Sorensen Castellano Hartmann Iwu Jansen Keller Laurent Meyer"
).split(" ");
const COMPANY_A = (
  "Northwind Halden Brightline Orchard Cobalt Meridian Tessel Larkspur Granite Juniper Falcon Blue Harbor Summit Copper Willow Ironwood Aster " +
  "Kestrel Marlow Pinecrest Quarry Redfern Sable Tidewater Umber Verity Wexford Yarrow Zephyr"
).split(" ");
const COMPANY_B = (
  "Logistics Systems Foods Textiles Analytics Partners Medical Robotics Supply Outdoor Press Ceramics Optics Energy Interiors Software Labs " +
  "Instruments Trading Studios"
).split(" ");
const TLD = ["com", "com", "com", "org", "net", "io", "de", "fr", "co.uk", "es", "nl", "eu"];
const STREET =
  "Alder Bishop Canal Dock Elm Foundry Garden Hillside Ivy Juniper Kings Linden Mill Nelson Oak Park Quay River Station Tower Union Vine".split(
    " ",
  );
const CITY =
  "Leeds Utrecht Lyon Valencia Graz Bergen Porto Aarhus Bristol Ghent Turin Gdańsk Malmö Cork Basel Austin Portland Denver Raleigh Halifax".split(
    " ",
  );

export interface Person {
  name: string;
  first: string;
  last: string;
  email: string;
  phone: string;
}

const ascii = (word: string): string =>
  word
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/ø/g, "o")
    .replace(/[^A-Za-z0-9]/g, "")
    .toLowerCase();

export const slug = (words: string): string => words.split(/\s+/).map(ascii).filter(Boolean).join("-");

export function company(r: Random): { name: string; domain: string } {
  const a = r.pick(COMPANY_A);
  const b = r.pick(COMPANY_B);
  return { name: `${a} ${b}`, domain: `${ascii(a)}${r.pick(["", "-", ""])}${ascii(b)}.${r.pick(TLD)}` };
}

export function phone(r: Random): string {
  return r.pick([
    () => `+44 ${r.digits(4)} ${r.digits(6)}`,
    () => `+1 (${r.digits(3)}) ${r.digits(3)}-${r.digits(4)}`,
    () => `+49 ${r.digits(3)} ${r.digits(7)}`,
    () => `+33 6 ${r.digits(2)} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)}`,
    () => `+34${r.digits(9)}`,
  ])();
}

/** A person; the address is at `domain`, or at a mail provider. */
export function person(r: Random, domain?: string): Person {
  const first = r.pick(FIRST);
  const last = r.pick(LAST);
  const [f, l] = [ascii(first), ascii(last)];
  const local = r.pick([`${f}.${l}`, `${f[0] ?? ""}${l}`, `${f}${r.int(2, 98)}`, `${l}.${f}`, `${f}_${l}`]);
  const at =
    domain ??
    r.pick(["gmail.com", "outlook.com", "proton.me", "gmx.de", "orange.fr", "icloud.com", "web.de"]);
  return { name: `${first} ${last}`, first, last, email: `${local}@${at}`, phone: phone(r) };
}

const ATTACK_WORD =
  "verify secure desk portal settle relay audit sync clear mirror gate assist intake vault signal route billing archive compliance refund".split(
    " ",
  );

/** A place on the internet of someone else's. */
export function hostname(r: Random): string {
  const [a, b] = [r.pick(ATTACK_WORD), r.pick([...ATTACK_WORD, r.chars("bcdfghklmnprst", 3)])];
  return `${a}${r.pick(["-", "", "."])}${b}${r.chance(0.4) ? r.digits(2) : ""}.${r.pick(["com", "net", "io", "app", "top", "co", "online", "info", "cc"])}`;
}

export function stranger(r: Random): Person {
  return r.chance(0.5) ? person(r) : person(r, hostname(r));
}

export function link(r: Random): string {
  const path = r.pick(["form", "u", "s", "download", "c", "login", "docs", "x", "check"]);
  return `${r.pick(["https://", "https://", "http://"])}${hostname(r)}/${path}/${r.chars("abcdefghkmnpqrstuvwxyz23456789", r.int(4, 10))}`;
}

/** An IBAN with right check digits. */
export function iban(r: Random): string {
  const [country, length] = r.pick([
    ["DE", 18],
    ["NL", 0],
    ["ES", 20],
    ["PT", 21],
    ["AT", 16],
    ["BE", 12],
  ] as const);
  const rest = country === "NL" ? `${r.pick(["INGB", "ABNA", "RABO"])}${r.digits(10)}` : r.digits(length);
  const number = [...`${rest}${country}00`].map((char) => Number.parseInt(char, 36).toString()).join("");
  let remainder = 0;
  for (const digit of number) remainder = (remainder * 10 + Number(digit)) % 97;
  return `${country}${String(98 - remainder).padStart(2, "0")}${rest}`;
}

export function wallet(r: Random): string {
  return r.chance(0.5)
    ? `0x${r.chars("0123456789abcdef", 40)}`
    : `bc1q${r.chars("023456789acdefghjklmnpqrstuvwxyz", 38)}`;
}

export function password(r: Random): string {
  return r.pick([
    () => `${r.pick(CITY)}-${r.digits(4)}!`,
    () => r.chars("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789", 14),
    () => `${r.pick(STREET)}${r.pick(COMPANY_A)}${r.digits(2)}`,
    () => `${ascii(r.pick(LAST))}#${r.digits(3)}`,
  ])();
}

export function money(r: Random, low: number, high: number): string {
  return (r.int(low * 100, high * 100) / 100).toFixed(2);
}

export function address(r: Random): string {
  return `${r.int(2, 240)} ${r.pick(STREET)} ${r.pick(["Street", "Road", "Lane", "Avenue"])}, ${r.pick(CITY)} ${r.digits(5)}`;
}

export const city = (r: Random): string => r.pick(CITY);

/** A day of the half year after `2026-10-01`. */
export function day(r: Random): string {
  return new Date(Date.UTC(2026, 9, 1 + r.int(0, 180))).toISOString().slice(0, 10);
}

export function clock(r: Random): string {
  return `${String(r.int(8, 17)).padStart(2, "0")}:${r.pick(["00", "15", "30", "45"])}`;
}

export const stamp = (r: Random): string => `${day(r)}T${clock(r)}:${r.digits(2).replace(/^[6-9]/, "3")}Z`;

/** Times of one morning in order, as a log has them. */
export function ticks(r: Random, count: number): string[] {
  const start = Date.parse(`${day(r)}T06:00:00Z`);
  const steps = Array.from({ length: count }, () => r.int(1, 90) * 1000);
  let at = start;
  return steps.map((step) => {
    at += step;
    return new Date(at).toISOString().replace(".000Z", "Z");
  });
}

/** A day as people write it. */
export function spokenDay(iso: string, r: Random): string {
  const date = new Date(`${iso}T12:00:00Z`);
  const month = date.toLocaleString("en-GB", { month: "long", timeZone: "UTC" });
  const of = date.getUTCDate();
  const ending =
    of % 10 === 1 && of !== 11
      ? "st"
      : of % 10 === 2 && of !== 12
        ? "nd"
        : of % 10 === 3 && of !== 13
          ? "rd"
          : "th";
  return r.pick([
    iso,
    `${of} ${month}`,
    `${month} ${of}`,
    `the ${of}${ending} of ${month}`,
    `${of}.${date.getUTCMonth() + 1}.2026`,
  ]);
}

/** An address written so that a pattern for addresses does not match, and a reader still understands. */
export function disguised(email: string, r: Random): string {
  const [local = "", host = ""] = email.split("@");
  return r.pick([
    `${local} at ${host.replace(/\./g, " dot ")}`,
    `${local} (at) ${host}`,
    `${local}[@]${host.replace(/\./g, "[.]")}`,
    `${host}, mailbox ${local}`,
    `${local} AT ${host.replace(/\./g, " (dot) ")}`,
  ]);
}
