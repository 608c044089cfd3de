import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { canPrompt, nodeIo } from "../../src/cli/io.ts";

/** The three standard streams in memory, as a terminal or as pipes. */
function shell(isTty: boolean, env: Readonly<Record<string, string>> = {}, columns = 100) {
  const stream = () => Object.assign(new PassThrough(), { isTTY: isTty, columns, setRawMode: () => undefined });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const streams = { stdin, stdout, stderr } as unknown as NonNullable<Parameters<typeof nodeIo>[1]>;
  return { io: nodeIo(env, streams), stdin, stdout, stderr };
}

describe("nodeIo", () => {
  it("writes data to standard output and messages to standard error, and reads standard input to its end", async () => {
    const { io, stdin, stdout, stderr } = shell(false);
    stdin.end("héllo\nthere");
    expect(await io.stdinText()).toBe("héllo\nthere");
    await io.out("data");
    io.err("message");
    expect([String(stdout.read()), String(stderr.read())]).toEqual(["data", "message"]);
  });

  it("reads a file descriptor to its end and rejects with EBADF if it is not open", async () => {
    const file = await open(fileURLToPath(import.meta.url));
    expect(await shell(false).io.fdText(file.fd)).toContain("reads a file descriptor to its end");
    await file.close().catch(() => undefined);
    await expect(shell(false).io.fdText(987)).rejects.toMatchObject({ code: "EBADF" });
  });

  it("resolves a write only after the reader has taken the data", async () => {
    const { io, stdout } = shell(false);
    let isTaken = false;
    const writing = io.out("x".repeat(1024 * 1024)).then(() => (isTaken = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isTaken).toBe(false);
    stdout.resume();
    await writing;
  });

  it("rejects a write with EPIPE after the reader has gone, and ignores errors of standard error", async () => {
    const { io, stdout, stderr } = shell(false);
    stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    stderr.destroy(new Error("gone too"));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(io.out("x")).rejects.toMatchObject({ code: "EPIPE" });
    io.err("x");
  });

  it("uses the width of the terminal, at least 40 columns, and 80 columns for a pipe or an unknown size", () => {
    expect([shell(true, {}, 120).io.columns, shell(true, {}, 10).io.columns, shell(false, {}, 120).io.columns]).toEqual(
      [120, 40, 80],
    );
    expect(shell(true, {}, 0).io.columns).toBe(80);
  });

  it("colours output to a terminal and not output to a pipe", () => {
    expect([shell(true).io.colour, shell(false).io.colour]).toEqual([
      { out: true, err: true },
      { out: false, err: false },
    ]);
  });
});

describe("canPrompt", () => {
  it("is true only if input and error output are terminals and neither --no-input nor CI forbids prompts", () => {
    expect(canPrompt(shell(true).io, {}, false)).toBe(true);
    expect(canPrompt(shell(true).io, {}, true)).toBe(false);
    expect(canPrompt(shell(true).io, { CI: "true" }, false)).toBe(false);
    expect(canPrompt(shell(false).io, {}, false)).toBe(false);
    expect(canPrompt({ ...shell(true).io, isTty: { in: true, out: true, err: false } }, {}, false)).toBe(false);
    expect(canPrompt({ ...shell(true).io, isTty: { in: true, out: false, err: true } }, {}, false)).toBe(true);
  });
});
