const REMEMBERED = 10_000; // keys of all tenants; the limit's keys are far fewer

/** What a dry run would have taken away, so that it shows the limit's work too. Forgotten at a restart. */
export class DryKeys {
  #taken: { tenant: string; key: string; at: number }[] = [];

  /** @param at ms since the epoch */
  add(tenant: string, key: string, at: number): void {
    this.#taken.push({ tenant, key, at });
    if (this.#taken.length > REMEMBERED) this.#taken = this.#taken.slice(REMEMBERED / 2);
  }

  since(tenant: string, since: number): string[] {
    return this.#taken.filter((taken) => taken.tenant === tenant && taken.at >= since).map(({ key }) => key);
  }
}
