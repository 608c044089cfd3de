/** Takes from `process` what reaches beyond this worker. Not a wall against hostile code; SECURITY.md says what is. */
const REFUSED = ["abort", "kill", "binding", "_linkedBinding", "dlopen", "chdir", "umask", "getBuiltinModule", "setuid", "setgid", "seteuid", "setegid", "initgroups", "setgroups", "setSourceMapsEnabled", "_debugProcess", "_debugEnd", "_startProfilerIdleNotifier", "emitWarning"] as const;
const HIDDEN = ["report", "mainModule", "stdin", "argv", "execArgv", "execPath", "argv0", "title", "config", "permission"] as const;

export const neuterProcess = (): void => {
  const target = process as unknown as Record<string, unknown>;
  for (const name of REFUSED) {
    if (!(name in target)) continue;
    define(target, name, () => {
      throw new Error(`process.${name} is not available inside a connector`);
    });
  }
  for (const name of HIDDEN) if (name in target) define(target, name, name === "argv" || name === "execArgv" ? [] : undefined);
  // Channels between threads would let one connector talk to another, or to the host, past the port.
  const globals = globalThis as unknown as Record<string, unknown>;
  for (const name of ["BroadcastChannel", "Worker", "SharedArrayBuffer"]) if (name in globals) define(globals, name, undefined);
};

const define = (target: object, name: string, value: unknown): void => {
  try {
    Object.defineProperty(target, name, { value, writable: false, configurable: false, enumerable: true });
  } catch {
    // Already fixed by the runtime.
  }
};
