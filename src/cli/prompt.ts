/** Questions to the person at the terminal. Whoever has no terminal is never asked. */
import { oneLine } from "../commands/rendering/terminal-text.ts";
import type { Io } from "./io.ts";

export interface Prompt {
  /** y/N; anything but y or yes is no, and so is a closed terminal. */
  confirm(question: string): Promise<boolean>;
  /** The text that was typed, trimmed; "" where the terminal was closed. */
  line(question: string): Promise<string>;
  /** The index of the choice; undefined: none (an empty line, q, or a closed terminal). Asks again after a wrong answer. */
  choose(question: string, choices: readonly string[]): Promise<number | undefined>;
  /** Read without an echo; undefined where the terminal was closed. */
  secret(question: string): Promise<string | undefined>;
}

export function promptOn(io: Io, signal: AbortSignal): Prompt {
  const line = async (question: string): Promise<string> =>
    ((await io.ask(question, { hidden: false, signal })) ?? "").trim();
  return {
    line,
    confirm: async (question) => /^y(es)?$/i.test(await line(`${question} [y/N] `)),
    choose: async (question, choices) => {
      for (const [index, choice] of choices.entries()) io.err(`  ${index + 1}  ${oneLine(choice)}\n`);
      for (;;) {
        const answer = await line(`${question} [1-${choices.length}, Enter for none] `);
        if (answer === "" || answer.toLowerCase() === "q") return undefined;
        const index = /^\d{1,4}$/.test(answer) ? Number(answer) - 1 : -1;
        if (index >= 0 && index < choices.length) return index;
        io.err(`a number from 1 to ${choices.length}\n`);
      }
    },
    secret: (question) => io.ask(question, { hidden: true, signal }),
  };
}
