/** Runs a program to its end in an empty folder, which is also its home, with a minimal environment. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ProgramEnd {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

const OUTPUT_MAX = 64 * 1024 * 1024;
const PROGRAM_MS = 60_000;

export async function runProgram(
  argv: readonly [string, ...string[]],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramEnd> {
  const home = await mkdtemp(join(tmpdir(), "qoc-client-"));
  const [program, ...first] = argv;
  const options = {
    cwd: home,
    env: { PATH: "/usr/bin:/bin", HOME: home, ...env },
    maxBuffer: OUTPUT_MAX,
    timeout: PROGRAM_MS,
  };
  try {
    return await new Promise((resolve) => {
      const child = execFile(program, [...first, ...args], options, (error, out, err) =>
        resolve({ code: error?.code ?? 0, out, err }),
      );
      child.stdin?.end();
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
