import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/cli/prompts.ts";
import { canAsk, nodeIo } from "../../src/cli/io.ts";

/** A terminal, or pipes, in memory. */
function shell(isTty: boolean, env: Readonly<Record<string, string>> = {}, columns = 100) {
  const stream = () => Object.assign(new PassThrough(), { isTTY: isTty, columns, setRawMode: () => undefined });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const streams = { stdin, stdout, stderr } as unknown as NonNullable<Parameters<typeof nodeIo>[1]>;
  return { io: nodeIo(env, streams), stdin, stdout, stderr, shown: () => String(stderr.read() ?? "") };
}
const never = new AbortController().signal;

describe("nodeIo", () => {
  it("writes data and the rest apart, and reads its input whole", async () => {
    const { io, stdin, stdout, stderr } = shell(false);
    stdin.end("héllo\nthere");
    expect(await io.stdinText()).toBe("héllo\nthere");
    await io.out("data");
    io.err("words");
    expect([String(stdout.read()), String(stderr.read())]).toEqual(["data", "words"]);
  });

  it("reads a descriptor to its end", async () => {
    const file = await open(fileURLToPath(import.meta.url));
    expect(await shell(false).io.fdText(file.fd)).toContain("reads a descriptor to its end");
    await file.close().catch(() => undefined);
    await expect(shell(false).io.fdText(987)).rejects.toMatchObject({ code: "EBADF" });
  });

  it("waits until the reader takes more", async () => {
    const { io, stdout } = shell(false);
    let isTaken = false;
    const writing = io.out("x".repeat(1024 * 1024)).then(() => (isTaken = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isTaken).toBe(false);
    stdout.resume();
    await writing;
  });

  it("rejects once the reader has gone, and never throws for stderr", async () => {
    const { io, stdout, stderr } = shell(false);
    stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    stderr.destroy(new Error("gone too"));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(io.out("x")).rejects.toMatchObject({ code: "EPIPE" });
    io.err("x");
  });

  it("knows a terminal's width, and takes 80 for a pipe", () => {
    expect([shell(true, {}, 120).io.columns, shell(true, {}, 10).io.columns, shell(false, {}, 120).io.columns]).toEqual(
      [120, 40, 80],
    );
  });

  it("shades what a terminal shows and not what a pipe carries", () => {
    expect([shell(true).io.colour, shell(false).io.colour]).toEqual([
      { out: true, err: true },
      { out: false, err: false },
    ]);
  });
});

describe("asking", () => {
  it("reads a line, echoing it", async () => {
    const { io, stdin, shown } = shell(true);
    const answer = io.ask("sure? ", { hidden: false, signal: never });
    stdin.write("yes\r");
    expect(await answer).toBe("yes");
    expect(shown()).toContain("sure? ");
  });

  it("reads a secret without echoing it", async () => {
    const { io, stdin, shown } = shell(true);
    const answer = io.ask("passphrase: ", { hidden: true, signal: never });
    stdin.write("open sesame\r");
    expect(await answer).toBe("open sesame");
    expect(shown()).toBe("passphrase: \n");
  });

  it("answers undefined on Ctrl-D and where input ends", async () => {
    const typed = shell(true);
    const answer = typed.io.ask("sure? ", { hidden: false, signal: never });
    typed.stdin.write("\u0004");
    expect(await answer).toBeUndefined();
    const ended = shell(true);
    const none = ended.io.ask("sure? ", { hidden: false, signal: never });
    ended.stdin.end();
    expect(await none).toBeUndefined();
  });

  it("is interrupted by Ctrl-C, hidden or not", async () => {
    for (const hidden of [false, true]) {
      const { io, stdin } = shell(true);
      const answer = io.ask("sure? ", { hidden, signal: never });
      stdin.write("\u0003");
      await expect(answer).rejects.toBeInstanceOf(Interrupted);
    }
  });

  it("ends with the signal's reason, before and while it asks", async () => {
    const controller = new AbortController();
    const { io } = shell(true);
    const answer = io.ask("sure? ", { hidden: false, signal: controller.signal });
    controller.abort(new Error("stopped"));
    await expect(answer).rejects.toThrow("stopped");
    await expect(io.ask("sure? ", { hidden: false, signal: controller.signal })).rejects.toThrow("stopped");
  });
});

describe("canAsk", () => {
  it("needs a terminal at both ends, and nobody who forbids it", () => {
    expect(canAsk(shell(true).io, {}, false)).toBe(true);
    expect(canAsk(shell(true).io, {}, true)).toBe(false);
    expect(canAsk(shell(true).io, { CI: "true" }, false)).toBe(false);
    expect(canAsk(shell(false).io, {}, false)).toBe(false);
    expect(canAsk({ ...shell(true).io, isTty: { in: true, out: true, err: false } }, {}, false)).toBe(false);
    expect(canAsk({ ...shell(true).io, isTty: { in: true, out: false, err: true } }, {}, false)).toBe(true);
  });
});
