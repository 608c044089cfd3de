/** The commands of the source tree, loaded once for a test file. */
import { loadRegistry } from "../../src/commands/command-index.ts";

export const REGISTRY = await loadRegistry();
export const COMMANDS = REGISTRY.entries;
