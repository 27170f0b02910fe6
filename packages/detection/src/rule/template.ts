const PLACE = /\{([A-Za-z0-9_.]+)\}/g;

/** The names in `{}` of a template. */
export function templateNames(template: string): string[] {
  return [...template.matchAll(PLACE)].map((match) => match[1] ?? "");
}

/** Fills a template; `textOf` gives a text that is safe to show. What nobody knows becomes `unknown`. */
export function fillTemplate(template: string, textOf: (name: string) => string | undefined): string {
  return template.replace(PLACE, (_place, name: string) => textOf(name) ?? "unknown");
}
