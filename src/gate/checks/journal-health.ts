/** No order is sent if the journal cannot record it. */
import { decimal } from "../../domain/decimal.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatMoney } from "../format.ts";
import { EVERY_STAGE, type GateCheck } from "../check-context.ts";
import { counted } from "../../lib/counted.ts";

const key = "journal-health";
/** Reserved for the records of orders in flight, and for the files of orders and of connectors. */
export const FREE_BYTES_MIN = 100_000_000;
export const FREE_FILES_MIN = 1_000;

function megabytes(bytes: number): string {
  return `${formatMoney(decimal(String(Math.floor(bytes / 1000) / 1000)), "")} MB`;
}

export const journalHealth: GateCheck = {
  key,
  stages: EVERY_STAGE,
  evaluate: ({ input: { journalHealthy, freeSpace } }) => {
    if (journalHealthy !== true) return block(key, "JOURNAL_FAILED", "writing the journal failed; run qoc doctor");
    const { bytes: freeBytes, files = FREE_FILES_MIN } = freeSpace ?? {};
    if (freeBytes === undefined || !Number.isFinite(freeBytes) || !Number.isFinite(files))
      return unavailable(key, "the free disk space is unknown");
    if (files < FREE_FILES_MIN)
      return block(
        key,
        "DISK_LOW",
        `the workspace's disk takes ${counted(files, "more file")}; ${FREE_FILES_MIN} required (df -i shows them)`,
        { limit: `${FREE_FILES_MIN} files`, actual: counted(files, "file") },
      );
    const figures = { limit: megabytes(FREE_BYTES_MIN), actual: megabytes(freeBytes) };
    if (freeBytes >= FREE_BYTES_MIN) return pass(key, `${figures.actual} free`, figures);
    return block(key, "DISK_LOW", `${figures.actual} free on the workspace's disk; ${figures.limit} required`, figures);
  },
};
