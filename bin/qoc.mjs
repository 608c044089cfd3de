#!/usr/bin/env node
// Entry point: checks the Node version before any file of the program is loaded, then starts the command line.
import { mkdirSync } from "node:fs";
import nodeModule from "node:module";
import { homedir } from "node:os";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `qoc requires Node 20.19 or newer; this is ${process.versions.node}.\nnext: install Node 24 LTS from https://nodejs.org\n`,
  );
  process.exit(1);
}
// Node opens its inspector at this signal, at a port where any program of this machine runs code with all rights.
process.on("SIGUSR1", () => undefined);
keepCompiledCode();
const { run } = await import("../dist/src/app/main.js");
process.exitCode = await run(process.argv.slice(2));
// An interrupted command may leave sockets and timers open, so the process is ended.
if (process.exitCode === 130) process.exit();

/**
 * Node 22.8 and later can keep what it compiled for the next command. A user who can write that folder can run code as
 * the operator, so it lies beside the keys and not in a shared folder for temporary files, which is Node's default.
 */
function keepCompiledCode() {
  if (nodeModule.enableCompileCache === undefined) return;
  const folder = `${process.env.HOME ?? homedir()}/.qoc/compile-cache`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    // Without a home that can be written, each command compiles its code.
    return;
  }
  nodeModule.enableCompileCache(folder);
}
