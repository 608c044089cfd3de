/** Sources of the adapters in test/fixtures/adapters, which are type-checked and bundled like an author's. */
import { readFileSync } from "node:fs";

/** Returns the source of an adapter, for example "single-fill". */
export function adapterFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/adapters/${name}.ts`, import.meta.url), "utf8");
}
