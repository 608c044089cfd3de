/**
 * What a thread of others threw and nothing caught: it must end that thread alone. An exception in the desk's thread
 * would be an error of this test file.
 */
import { rmSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { readThreadErrors } from "../../src/host/thread-errors.ts";
import { type AdapterHarness, adapterHarness, adapterSource } from "../support/adapter-harness.ts";

const UNREADABLE = "it threw an object that cannot be read";
/** A thread with its larger stack copies this, and the desk's thread cannot read the copy. */
const DEEP = "let deep = []; for (let i = 0; i < 9000; i++) deep = [deep];";

describe("an error that ended a thread", () => {
  it.each([
    ["is read", `throw new TypeError("late");`, expect.objectContaining({ message: "late" })],
    ["that is nested too deeply does not end the desk", `${DEEP} throw deep;`, UNREADABLE],
    ["whose copy is damaged does not end the desk", "Buffer.concat = () => Buffer.from([0, 1]); throw 1;", UNREADABLE],
    ["that is no copy does not end the desk", "Buffer.concat = () => ({ 0: 9 }); throw 1;", UNREADABLE],
    ["of a megabyte is not read", `throw "x".repeat(2 ** 20);`, UNREADABLE],
  ])("%s", async (_name, code, expected) => {
    readThreadErrors();
    const worker = new Worker(code, { eval: true, resourceLimits: { stackSizeMb: 4 } });
    const thrown: unknown[] = [];
    worker.on("error", (error: unknown) => thrown.push(error));
    await new Promise((resolve) => worker.once("exit", resolve));
    expect(thrown).toEqual([expected]);
  });
});

describe("an adapter in a thread", () => {
  let harness: AdapterHarness | undefined;
  afterEach(async () => {
    await harness?.connector.stop();
    if (harness !== undefined) rmSync(harness.dir, { recursive: true, force: true });
  });
  const endedBy = async (body: string): Promise<string> => {
    harness = await adapterHarness(adapterSource(`async cancelOrder(): Promise<any> { ${body} }`));
    await harness.connector.start();
    const error = await harness.connector.invoke("cancelOrder", ["1"]).catch((reason: Error) => reason);
    return `${error instanceof Error ? error.message : "it did not end"}\n${harness.log.text()}`;
  };
  const LATER = `setTimeout(() => { isLate = true; throw new Error("late"); }, 1); await new Promise(() => {});`;

  it.each([
    ["that nothing caught", "let isLate;"],
    ["with functions replaced that copy it", "let isLate; Buffer.concat = () => Buffer.from([0, 1]);"],
    ["with functions replaced that its end calls", `let isLate; JSON.stringify = () => { throw 1; };`],
  ])("is ended by an error %s, and the reason is its message", async (_name, before) => {
    expect(await endedBy(`${before} ${LATER}`)).toContain("Error: late");
  });

  it("gets no symbol by which Node copies objects, when an error ends it", async () => {
    const ended = await endedBy(`
      let isLate = false; const note = this.ctx.logger.info, blob = new Blob([]), { concat } = Buffer;
      Object.setPrototypeOf(blob, new Proxy(Blob.prototype, { get: (_target, name) => void note("asked for " + String(name)) }));
      Buffer.concat = (...parts: any) => isLate ? blob as any : Reflect.apply(concat, Buffer, parts);
      ${LATER}`);
    expect(ended).toContain("Error: late");
    expect(ended).not.toContain("asked for");
  });
});
