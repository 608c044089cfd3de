#!/usr/bin/env node
// Entry point: checks the Node version before any file of the program is loaded, then starts the command line.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `qoc requires Node 20.19 or newer; this is ${process.versions.node}.\nnext: install Node 24 LTS from https://nodejs.org\n`,
  );
  process.exit(1);
}
const { run } = await import("../dist/src/app/main.js");
process.exitCode = await run(process.argv.slice(2));
// An interrupted command may leave sockets and timers open, so the process is ended.
if (process.exitCode === 130) process.exit();
