/** The archive of a desk that keeps everything in memory. */
import type { OrderArchive } from "../../src/trading/desk.ts";

export const NO_ARCHIVE: OrderArchive = {
  orders: () => ({ orders: [], next: undefined }),
  fillKeys: () => new Map(),
  idsNamedBy: () => [],
};
