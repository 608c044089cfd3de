/**
 * Assembles a model's message from its pieces, for programs that do not report turns: the pieces and the tool calls up
 * to the next other event count as one turn.
 */
import { SUMMARY_CHARS_MAX } from "./run-meter.ts";
import type { AgentEvent } from "./runtime.ts";

export interface MessageAssembler {
  /** Adds a piece of the message. Returns a `turn` event if a turn begins with it. */
  append(text: string): readonly AgentEvent[];
  /** The model calls a tool: the message is complete, the turn goes on. */
  toolCall(): readonly AgentEvent[];
  /** Something else happened: the message and the turn are complete. */
  flush(): readonly AgentEvent[];
}

export function createMessageAssembler(): MessageAssembler {
  let message = "";
  let isInTurn = false;
  const beginTurn = (): readonly AgentEvent[] => {
    const isNew = !isInTurn;
    isInTurn = true;
    return isNew ? [{ kind: "turn" }] : [];
  };
  const takeMessage = (): readonly AgentEvent[] => {
    const text = message;
    message = "";
    return text.trim() === "" ? [] : [{ kind: "message", text }];
  };
  return {
    append: (text) => {
      // The summary holds no more than this.
      message = (message + text).slice(-SUMMARY_CHARS_MAX);
      return beginTurn();
    },
    toolCall: () => [...beginTurn(), ...takeMessage()],
    flush: () => {
      isInTurn = false;
      return takeMessage();
    },
  };
}
