/** The agent programs that a desk can launch, by the names of `[agent] runtime`; `demo` is built in. */
import { acp } from "./acp.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { command } from "./command-program.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";
import type { AgentProgram } from "./runtime.ts";

export const PROGRAMS: readonly AgentProgram[] = [claude, codex, opencode, gemini, acp, command];
