#!/usr/bin/env node
// Entry point: checks the Node version before any file of the program is loaded, then starts the command line.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `qoc requires Node 20.19 or newer; this is ${process.versions.node}.\nnext: install Node 24 LTS from https://nodejs.org\n`,
  );
  process.exit(1);
}
// Faster than import statements, which a Node without this function would refuse before the check above.
const { lstatSync, mkdirSync, statSync } = process.getBuiltinModule("node:fs");
const { enableCompileCache } = process.getBuiltinModule("node:module");
// Node opens its inspector at this signal, at a port where any program of this machine runs code with all rights.
process.on("SIGUSR1", () => undefined);
keepCompiledCode();
// The same program, built so that a start loads one file (build.mjs).
const { run } = await import(process.argv[2] === "up" ? "../dist/src/app/host.js" : "../dist/src/app/main.js");
process.exitCode = await run(process.argv.slice(2));
// An interrupted command may leave sockets and timers open, so the process is ended.
if (process.exitCode === 130) process.exit();

/**
 * Node 22.8 and later can keep what it compiled for the next command. A user who can write that folder can run code as
 * the operator, so it lies beside the keys and not in a shared folder for temporary files, which is Node's default. The
 * home folder may be one of others, for example under sudo, or in a container where it is /tmp.
 */
function keepCompiledCode() {
  if (enableCompileCache === undefined) return;
  const home = process.env.HOME ?? process.getBuiltinModule("node:os").homedir();
  const parent = `${home}/.qoc`;
  const folder = `${parent}/compile-cache`;
  try {
    // The parents of the home folder are the system's.
    if (!isKeptByOwner(statSync(home))) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (![parent, folder].every((path) => isOurs(lstatSync(path)))) return;
  } catch {
    // Without a home that can be written, each command compiles its code.
    return;
  }
  enableCompileCache(folder);
}

/** Windows has neither users of files nor modes. */
function isOurs(facts) {
  return process.getuid === undefined || (facts.isDirectory() && facts.uid === process.getuid() && !isShared(facts));
}

/** Whether the names in a home folder cannot be moved by others: in a folder such as /tmp each owner moves his own. */
function isKeptByOwner(facts) {
  return (
    process.getuid === undefined ||
    ([0, process.getuid()].includes(facts.uid) && (!isShared(facts) || (facts.mode & 0o1000) !== 0))
  );
}

function isShared({ mode }) {
  return (mode & 0o022) !== 0;
}
