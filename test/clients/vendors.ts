/** The vendors' clients that the desk is tested with, and the settings that lead each one to its scripted model. */
import type { Client } from "./client-desk.ts";

export interface Vendor {
  /** The client's name in the cache. */
  readonly client: string;
  readonly about: string;
  /** The name of its transcript. */
  readonly name: string;
  /** Arguments after the program. */
  readonly args?: readonly string[];
  readonly settings: Omit<Client, "argv">;
}

function openAi(model: string): Readonly<Record<string, string>> {
  return { OPENAI_API_KEY: "stub", OPENAI_BASE_URL: `${model}/v1` };
}

/** A program of the Agent Client Protocol gets its settings as text in its environment. */
function openCodeConfig(model: string): string {
  return JSON.stringify({
    share: "disabled",
    model: "stub/stub",
    permission: { "*": "deny", "qoc_*": "allow" },
    provider: {
      stub: {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `${model}/v1`, apiKey: "stub" },
        models: { stub: {} },
      },
    },
  });
}
const OPENCODE_OFF = ["PROJECT_CONFIG", "AUTOUPDATE", "MODELS_FETCH", "DEFAULT_PLUGINS", "LSP_DOWNLOAD", "CLAUDE_CODE"];

export const VENDORS: readonly Vendor[] = [
  {
    ...{ client: "claude", about: "Claude Code", name: "claude" },
    settings: {
      runtime: "claude",
      api: "messages",
      env: (model) => ({ ANTHROPIC_API_KEY: "stub", ANTHROPIC_BASE_URL: model }),
    },
  },
  {
    ...{ client: "codex", about: "Codex", name: "codex" },
    settings: { runtime: "codex", api: "responses", model: "stub", env: openAi },
  },
  {
    ...{ client: "opencode", about: "opencode", name: "opencode" },
    settings: { runtime: "opencode", api: "chat", model: "stub/stub", env: openAi },
  },
  {
    ...{ client: "gemini", about: "Gemini CLI", name: "gemini" },
    settings: {
      ...{ runtime: "gemini", api: "gemini", model: "gemini-2.5-flash" },
      env: (model) => ({ GEMINI_API_KEY: "stub", GOOGLE_GEMINI_BASE_URL: model }),
    },
  },
  {
    ...{ client: "opencode", about: "opencode by the Agent Client Protocol", name: "acp", args: ["acp"] },
    settings: {
      ...{ runtime: "acp", api: "chat" },
      env: (model) => ({
        OPENCODE_CONFIG_CONTENT: openCodeConfig(model),
        ...Object.fromEntries(OPENCODE_OFF.map((what) => [`OPENCODE_DISABLE_${what}`, "1"])),
      }),
      passthroughEnv: ["OPENCODE_CONFIG_CONTENT", ...OPENCODE_OFF.map((what) => `OPENCODE_DISABLE_${what}`)],
    },
  },
];
