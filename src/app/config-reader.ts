/** Reads desk.toml with the user's global file, and the code of its custom guards. */
import { type Table, TABLES_BYTES_MAX } from "../domain/config/config-tables.ts";
import { QocError } from "../domain/errors/error.ts";
import type { CustomGuard, GuardConfig } from "../domain/config/guard-config.ts";
import type { Disk } from "../domain/ports.ts";
import { bundleGuard } from "../host/bundle-guard.ts";
import type { ConfigReader } from "../trading/config/desk-config.ts";
import { tablesOf } from "../workspace/accepted-config.ts";
import { CONFIG_BYTES_MAX, type DeskConfig, loadConfig, readProblem } from "../workspace/config.ts";
import { LAYOUT, globalConfigPath } from "../workspace/layout.ts";
import { readTextQuickly } from "../workspace/quick-reads.ts";

export interface ConfigReaderOptions {
  readonly disk: Disk;
  /** The desk's folder, without links. */
  readonly root: string;
  readonly home: string;
}

export function configReader({ disk, root, home }: ConfigReaderOptions): ConfigReader {
  const path = `${root}/${LAYOUT.config}`;
  const globalPath = globalConfigPath(home);
  return {
    text: async () => {
      const [local, global] = await Promise.all([
        // The disk's own error says that the file does not exist.
        readTextQuickly(disk, path, CONFIG_BYTES_MAX)
          .then((text) => text ?? disk.readText(path, CONFIG_BYTES_MAX))
          .catch((error: unknown) => {
            throw readProblem(error);
          }),
        readTextQuickly(disk, globalPath, CONFIG_BYTES_MAX),
      ]);
      return global === undefined ? local : `${local}\n${global}`;
    },
    read: async () => {
      const loaded = await loadConfig(disk, path, globalPath);
      const config: DeskConfig = {
        ...loaded,
        guards: await Promise.all(loaded.guards.map((guard) => withCode(guard, disk))),
      };
      const tables = tablesOf(config, root);
      refuseLarge(path, tables);
      return { config, tables, modifiedAt: (await disk.facts(path))?.modifiedMs ?? 0 };
    },
  };
}

/** A guard that cannot be bundled has no code; it blocks. */
async function withCode(guard: GuardConfig, disk: Disk): Promise<GuardConfig> {
  if (guard.kind === "built-in" || !guard.enabled) return guard;
  const bundle = await bundleGuard(guard, disk);
  const custom: CustomGuard = { ...guard, code: "problem" in bundle ? undefined : bundle.digest };
  return custom;
}

/** @throws FILE_TOO_LARGE: the journal keeps the tables in one record. */
function refuseLarge(path: string, tables: Readonly<Record<string, Table | readonly Table[]>>): void {
  const size = Buffer.byteLength(JSON.stringify(tables));
  if (size > TABLES_BYTES_MAX) throw new QocError("FILE_TOO_LARGE", { path, size, limit: TABLES_BYTES_MAX });
}
