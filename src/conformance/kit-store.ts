/** `ctx.store` and `ctx.bars` as the kit answers them: kept in memory for one case, and failing when told to. */

export class InMemoryStore {
  readonly #values = new Map<string, unknown>();
  /** How many questions were asked of the store. */
  asked = 0;
  /** So many further questions fail. */
  failing = 0;

  async answer(what: "get" | "put" | "bars", key: string, value: unknown): Promise<unknown> {
    if (what === "bars") return [];
    this.asked += 1;
    if (this.failing > 0) {
      this.failing -= 1;
      throw new Error("the kit's store fails for a moment");
    }
    if (what === "get") return this.#values.get(key);
    this.#values.set(key, value);
    return undefined;
  }
}
