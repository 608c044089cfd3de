/**
 * Files that give editors the types of the connector SDK in a new workspace without any installed package:
 * package.json, tsconfig.json and the SDK's declarations. The tsconfig has no `paths`, because the bundler does not
 * resolve them.
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

/** Writes the declarations if they are missing or outdated. `sdk` is the text of the SDK's `.d.ts`. */
export async function refreshTypes(disk: Disk, root: string, sdk: string): Promise<void> {
  const folder = join(root, LAYOUT.types);
  const path = join(folder, SDK_FILE);
  const text = declareModule(sdk);
  const current = (await disk.facts(path)) === undefined ? undefined : await disk.readText(path);
  if (current === text) return;
  await disk.mkdir(folder);
  await disk.writeAtomic(path, text);
}

/** A module declared by name needs no resolution. */
function declareModule(sdk: string): string {
  return `declare module "@qoc-app/sdk" {\n${sdk
    .replaceAll(/^export declare /gm, "export ")
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n")}}\n`;
}
