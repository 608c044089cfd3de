/** Each maker's client through a whole task at a desk, with a scripted model on loopback. */
import { expect, it } from "vitest";
import { type FoundClient, describeClient } from "./found.ts";
import { type Client, tellStory } from "./story.ts";

/** Three runs; some programs take seconds to start. */
const STORY_MS = 120_000;

type Told = Omit<Client, "argv" | "version">;

const openAi = (model: string): Readonly<Record<string, string>> => ({ OPENAI_API_KEY: "stub", OPENAI_BASE_URL: `${model}/v1` });

/** A program of the Agent Client Protocol has its settings from its own operator, as text in its environment. */
const openCodeConfig = (model: string): string =>
  JSON.stringify({
    share: "disabled",
    model: "stub/stub",
    permission: { "*": "deny", "qoc_*": "allow" },
    provider: { stub: { npm: "@ai-sdk/openai-compatible", options: { baseURL: `${model}/v1`, apiKey: "stub" }, models: { stub: {} } } },
  });
const OPENCODE_OFF = ["PROJECT_CONFIG", "AUTOUPDATE", "MODELS_FETCH", "DEFAULT_PLUGINS", "LSP_DOWNLOAD", "CLAUDE_CODE"];

const STORIES: readonly { readonly package: string; readonly about: string; readonly name: string; readonly words?: readonly string[]; readonly told: Told }[] = [
  {
    ...{ package: "claude", about: "Claude Code", name: "claude" },
    told: { runtime: "claude", api: "messages", env: (model) => ({ ANTHROPIC_API_KEY: "stub", ANTHROPIC_BASE_URL: model }) },
  },
  { ...{ package: "codex", about: "Codex", name: "codex" }, told: { runtime: "codex", api: "responses", model: "stub", env: openAi } },
  { ...{ package: "opencode", about: "opencode", name: "opencode" }, told: { runtime: "opencode", api: "chat", model: "stub/stub", env: openAi } },
  {
    ...{ package: "gemini", about: "Gemini CLI", name: "gemini" },
    told: {
      ...{ runtime: "gemini", api: "gemini", model: "gemini-2.5-flash" },
      env: (model) => ({ GEMINI_API_KEY: "stub", GOOGLE_GEMINI_BASE_URL: model }),
    },
  },
  {
    ...{ package: "opencode", about: "opencode by the Agent Client Protocol", name: "acp", words: ["acp"] },
    told: {
      ...{ runtime: "acp", api: "chat" },
      env: (model) => ({
        OPENCODE_CONFIG_CONTENT: openCodeConfig(model),
        ...Object.fromEntries(OPENCODE_OFF.map((what) => [`OPENCODE_DISABLE_${what}`, "1"])),
      }),
      lends: ["OPENCODE_CONFIG_CONTENT", ...OPENCODE_OFF.map((what) => `OPENCODE_DISABLE_${what}`)],
    },
  },
];

for (const { package: of, about, name, words = [], told } of STORIES) {
  describeClient(of, about, ({ argv, version }: FoundClient) => {
    it("works on an issue, is refused what is not its own, and hears why a draft was rejected", async () => {
      const { transcript } = await tellStory({ ...told, argv: [...argv, ...words], version });
      await expect(transcript).toMatchFileSnapshot(`transcripts/${name}.txt`);
    }, STORY_MS);
  });
}
