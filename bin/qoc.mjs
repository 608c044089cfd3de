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
// What an interrupted command had open does not keep the process.
if (process.exitCode === 130) process.exit();
