/** The custom guards of a running desk: `qoc reload` replaces their pool. */
import type { CustomGuard } from "../domain/config/guard-config.ts";
import { QocError } from "../domain/errors/error.ts";
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
  let isMoved = false;
  let moving: Promise<string | undefined> = Promise.resolve(undefined);
  return {
    get level() {
      return pool.level;
    },
    run: async (wanted, order, book) => {
      const problem = await moving;
      if (problem !== undefined) throw new QocError("INTERNAL", { message: problem });
      return pool.run(wanted, order, book);
    },
    preload: () => pool.preload(),
    move: () => {
      isMoved = true;
      return pool.move();
    },
    replace: (next) => {
      const old = pool;
      pool = open(next);
      // Guards that run in a process are not replaced by guards in a thread.
      moving = isMoved ? pool.move() : Promise.resolve(undefined);
      void pool.preload();
      closing = closing.then(() => old.close());
    },
    close: async () => {
      await closing;
      await pool.close();
    },
  };
}
