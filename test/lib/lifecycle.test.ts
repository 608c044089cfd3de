import { describe, expect, it } from "vitest";
import { Lifecycle } from "../../src/lib/lifecycle.ts";

async function opened(lifecycle: Lifecycle, closed: string[], failing: readonly string[] = []): Promise<void> {
  for (const name of ["lock", "journal", "socket"])
    await lifecycle.open(
      name,
      () => name,
      async (resource) => {
        await Promise.resolve();
        if (failing.includes(resource)) throw new Error(`${resource} is broken`);
        closed.push(resource);
      },
    );
}

describe("Lifecycle", () => {
  it("closes the newest resource first", async () => {
    const lifecycle = new Lifecycle();
    const closed: string[] = [];
    await opened(lifecycle, closed);
    await lifecycle.close();
    expect(closed).toEqual(["socket", "journal", "lock"]);
  });

  it("closes every resource and reports each failure when some fail to close", async () => {
    const lifecycle = new Lifecycle();
    const closed: string[] = [];
    await opened(lifecycle, closed, ["socket", "lock"]);
    const error = await lifecycle.close().catch((failure: unknown) => failure);
    expect(closed).toEqual(["journal"]);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors.map(String)).toEqual([
      "Error: closing socket: socket is broken",
      "Error: closing lock: lock is broken",
    ]);
  });

  it("does not register a resource whose open function throws", async () => {
    const lifecycle = new Lifecycle();
    const closed: string[] = [];
    await opened(lifecycle, closed);
    const broken = lifecycle.open(
      "port",
      () => {
        throw new Error("the port is taken");
      },
      () => closed.push("port"),
    );
    await expect(broken).rejects.toThrow("the port is taken");
    await lifecycle.close();
    expect(closed).toEqual(["socket", "journal", "lock"]);
  });

  it("closes each resource once when close is called twice", async () => {
    const lifecycle = new Lifecycle();
    const closed: string[] = [];
    await opened(lifecycle, closed);
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(closed).toHaveLength(3);
  });
});
