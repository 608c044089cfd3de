/** The custom guards of a running desk: `qoc reload` replaces their pool. */
import type { CustomGuard } from "../domain/guard-config.ts";
import type { GuardPool } from "../host/guard-pool.ts";

export interface ReplaceableGuards extends GuardPool {
  /** Orders that the old guards are checking are blocked. */
  readonly replace: (guards: readonly CustomGuard[]) => void;
}

export function replaceableGuards(
  open: (guards: readonly CustomGuard[]) => GuardPool,
  guards: readonly CustomGuard[],
): ReplaceableGuards {
  let pool = open(guards);
  let closing = Promise.resolve();
  return {
    run: (wanted, order, book) => pool.run(wanted, order, book),
    preload: () => pool.preload(),
    replace: (next) => {
      const old = pool;
      pool = open(next);
      void pool.preload();
      closing = closing.then(() => old.close());
    },
    close: async () => {
      await closing;
      await pool.close();
    },
  };
}
