/** Kinds of redaction tokens that stand for a person's data and not for a secret. */
export const PERSONAL_KINDS: ReadonlySet<string> = new Set([
  "email",
  "phone",
  "person",
  "name",
  "iban",
  "card",
  "address",
]);
