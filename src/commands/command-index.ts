/** The entries of all commands, and the registry made of them. */
import type { CommandEntry } from "./command-entry.ts";
import type { Command, CommandRegistry } from "./command.ts";
import { COMMAND_FILES } from "./registry.ts";

/** Imports every command. The build writes the result to `index.json`; from source it is derived at each start. */
export async function readEntries(): Promise<readonly CommandEntry[]> {
  const commands = await Promise.all(Object.keys(COMMAND_FILES).map(loadCommand));
  return commands.map(({ entry }) => entry);
}

/** @throws if no command has this name. */
async function loadCommand(name: string): Promise<Command> {
  const load = COMMAND_FILES[name];
  if (load === undefined) throw new Error(`no command file for ${name}`);
  return (await load()).command;
}

/** The registry over entries that were read before, such as those of the built index. */
export function createRegistry(entries: readonly CommandEntry[]): CommandRegistry {
  // Node looks at the file system for each import, also of a module that is loaded.
  const loaded = new Map<string, Command>();
  return {
    entries,
    load: async (name) => {
      const command = loaded.get(name) ?? (await loadCommand(name));
      loaded.set(name, command);
      return command;
    },
  };
}

/** The registry of the source files. */
export async function loadRegistry(): Promise<CommandRegistry> {
  return createRegistry(await readEntries());
}

/** A fixed list of commands as a registry. */
export function registryOf(commands: readonly Command[]): CommandRegistry {
  return {
    entries: commands.map(({ entry }) => entry),
    load: (name) => {
      const command = commands.find(({ entry }) => entry.name === name);
      return command === undefined ? Promise.reject(new Error(`no command ${name}`)) : Promise.resolve(command);
    },
  };
}
