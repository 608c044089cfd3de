/**
 * What an editor needs to know a connector's types in a fresh workspace, with nothing installed: package.json, tsconfig.json,
 * and the SDK's declarations. No `paths` in the tsconfig: an adapter is bundled as its author wrote it.
 */
import { join } from "node:path";
import type { Disk } from "../domain/ports.ts";
import { LAYOUT } from "./layout.ts";

const SDK_FILE = "qoc-sdk.d.ts";

export function packageJson(name: string): string {
  return `${JSON.stringify({ name: npmName(name), private: true, type: "module" }, null, 2)}\n`;
}

function npmName(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, "-")
      .replace(/^[._-]+/, "") || "desk"
  );
}

export const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      target: "ES2023",
      lib: ["ES2023", "DOM"],
      module: "Preserve",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
      types: [],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    },
    include: ["src", `${LAYOUT.types}/*.d.ts`],
  },
  null,
  2,
)}\n`;

/** Writes the declarations where they are absent or of another version. `sdk` is the text of the SDK's own `.d.ts`. */
export async function refreshTypes(disk: Disk, root: string, sdk: string): Promise<void> {
  const folder = join(root, LAYOUT.types);
  const path = join(folder, SDK_FILE);
  const text = asModule(sdk);
  const now = (await disk.facts(path)) === undefined ? undefined : await disk.readText(path);
  if (now === text) return;
  await disk.mkdir(folder);
  await disk.writeAtomic(path, text);
}

/** A module that is declared by its name needs no resolution. */
function asModule(sdk: string): string {
  return `declare module "@qoc-app/sdk" {\n${sdk
    .replaceAll(/^export declare /gm, "export ")
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n")}}\n`;
}
