/** The commands of this installation: from the built index, or from the source files if the program runs unbuilt. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CommandEntry } from "../commands/command-entry.ts";
import { createRegistry, loadRegistry } from "../commands/command-index.ts";
import type { CommandRegistry } from "../commands/command.ts";

const INDEX = new URL("../commands/index.json", import.meta.url);
const IS_BUILT = fileURLToPath(import.meta.url).endsWith(".js");

let registry: Promise<CommandRegistry> | undefined;

/** Reads the commands once. */
export function commandRegistry(): Promise<CommandRegistry> {
  return (registry ??= readRegistry());
}

async function readRegistry(): Promise<CommandRegistry> {
  if (!IS_BUILT) return loadRegistry();
  return createRegistry(JSON.parse(readFileSync(INDEX, "utf8")) as readonly CommandEntry[]);
}
