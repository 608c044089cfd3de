/** Each maker's client through a whole task at a desk, with a scripted model on loopback. */
import { expect, it } from "vitest";
import { describeClient } from "./found.ts";
import { MAKERS } from "./makers.ts";
import { runScenario } from "./scenario.ts";

/** Three runs; some programs take seconds to start. */
const STORY_MS = 240_000;

for (const { client, about, name, words = [], told } of MAKERS) {
  describeClient(client, about, ({ argv }) => {
    it(
      "works on an issue, is refused what is not its own, and hears why a draft was rejected",
      async () => {
        const { transcript, firstCallMs } = await runScenario({ ...told, argv: [...argv, ...words] });
        process.stderr.write(`${about}: ${firstCallMs.toFixed(0)} ms from the run's start to its first call\n`);
        await expect(transcript).toMatchFileSnapshot(`transcripts/${name}.txt`);
      },
      STORY_MS,
    );
  });
}
