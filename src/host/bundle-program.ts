/**
 * Bundles a program beside a connector, such as a fake venue, into one text. It may use every module of Node, and
 * contains no file but its own.
 */
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { bundleError } from "./bundle.ts";
import { ONE_TEXT, textsOf, withBundler } from "./bundler.ts";
import { ownerCheck, ownerPlugin } from "./file-owners.ts";
import { programFilesPlugin } from "./import-policy.ts";

export interface ProgramRequest {
  readonly connector: string;
  /** Absolute. */
  readonly file: string;
  readonly disk: Disk;
  /** Folders with packages that the program may import besides its own; the first is Qoc's. */
  readonly packageFolders: readonly string[];
}

export interface Program {
  readonly code: string;
  /** The source map, for positions in stacks. */
  readonly map: string;
}

/** @throws ADAPTER_MISSING, ADAPTER_BUNDLE with file, line and column. */
export async function bundleProgram({ connector, file, disk, packageFolders }: ProgramRequest): Promise<Program> {
  if ((await disk.facts(file))?.kind !== "file") throw new QocError("ADAPTER_MISSING", { connector, path: file });
  const checkOwner = await ownerCheck(disk, [file, ...packageFolders.slice(0, 1)]);
  try {
    const result = await withBundler(({ build }) =>
      build({
        entryPoints: [file],
        absWorkingDir: dirname(file),
        ...ONE_TEXT,
        nodePaths: [...packageFolders],
        plugins: [ownerPlugin(disk, checkOwner), programFilesPlugin(disk, file, packageFolders)],
        // Optional accelerators of the ws package, which it does without.
        external: ["bufferutil", "utf-8-validate"],
        define: {
          "import.meta.url": JSON.stringify(pathToFileURL(file).href),
          __dirname: JSON.stringify(dirname(file)),
          __filename: JSON.stringify(file),
        },
      }),
    );
    return textsOf(result);
  } catch (error) {
    throw bundleError(connector, file, error);
  }
}
