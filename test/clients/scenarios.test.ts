/** Each vendor's client through a whole task on a desk, with a scripted model on loopback. */
import { expect, it } from "vitest";
import { describeClient } from "./describe-client.ts";
import { VENDORS } from "./vendors.ts";
import { runScenario } from "./scenario.ts";

/** Three runs; some programs take seconds to start. */
const STORY_MS = 240_000;

for (const { client, about, name, args = [], settings } of VENDORS) {
  describeClient(client, about, ({ argv }) => {
    it(
      "a client works on an issue, is refused a forbidden command, and receives the reason for a rejected draft",
      async () => {
        const { transcript, firstCallMs } = await runScenario({ ...settings, argv: [...argv, ...args] });
        process.stderr.write(`${about}: ${firstCallMs.toFixed(0)} ms from the run's start to its first call\n`);
        await expect(transcript).toMatchFileSnapshot(`transcripts/${name}.txt`);
      },
      STORY_MS,
    );
  });
}
