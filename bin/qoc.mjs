#!/usr/bin/env node
// The front step: refuses an old Node in words, then hands the command line to the CLI door.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `qoc needs Node 20.19 or newer; this is ${process.versions.node}.\nnext: install Node 24 LTS from https://nodejs.org\n`,
  );
  process.exit(1);
}
const { run } = await import("../dist/src/app/main.js");
process.exitCode = await run(process.argv.slice(2));
