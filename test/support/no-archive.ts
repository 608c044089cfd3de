/** The archive of a desk that keeps everything in memory. */
import type { OrderArchive } from "../../src/trading/desk.ts";

export const NO_ARCHIVE: OrderArchive = {
  layers: [],
  orders: () => Promise.resolve([]),
  fills: () => Promise.resolve([]),
  idsNamedBy: () => [],
};
