/** Runs code in the realm of an adapter, in a process, so that what ends it does not end the test. */
import { rmSync } from "node:fs";
import { afterEach } from "vitest";
import { type AdapterHarness, adapterHarness, adapterSource } from "./adapter-harness.ts";

/**
 * Call at the top of a test file. `head`: the imports of the adapter. Returns a function that runs the body of an
 * asynchronous method once a test, and resolves to its result or to the message of its error.
 */
export function adapterRealm(head: string): (body: string) => Promise<unknown> {
  let harness: AdapterHarness | undefined;
  afterEach(async () => {
    await harness?.connector.stop();
    if (harness !== undefined) rmSync(harness.dir, { recursive: true, force: true });
  });
  return async (body) => {
    harness = await adapterHarness(adapterSource(`async cancelOrder(): Promise<any> { ${body} }`, head), {
      isolation: "process",
    });
    await harness.connector.start();
    const response = await harness.connector.invoke("cancelOrder", ["1"]);
    return response.ok ? response.value : response.message;
  };
}
