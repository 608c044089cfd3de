/**
 * What a model says in pieces, put together; for programs that tell of no turns: what it says and asks for is one, until
 * something else comes.
 */
import type { AgentEvent } from "./runtime.ts";
import { SUMMARY_CHARS_MAX } from "./run-meter.ts";

export interface MessageAssembler {
  /** A piece of its words. */
  append(text: string): readonly AgentEvent[];
  /** It asks for a tool, by which its words are whole. */
  toolCall(): readonly AgentEvent[];
  /** Something came that is not of the model. */
  flush(): readonly AgentEvent[];
}

export function createMessageAssembler(): MessageAssembler {
  let words = "";
  let isSpeaking = false;
  const speak = (): readonly AgentEvent[] => {
    const isNew = !isSpeaking;
    isSpeaking = true;
    return isNew ? [{ kind: "turn" }] : [];
  };
  const whole = (): readonly AgentEvent[] => {
    const text = words;
    words = "";
    return text.trim() === "" ? [] : [{ kind: "message", text }];
  };
  return {
    append: (text) => {
      // No more than the account of the run has room for, however long it speaks.
      words = (words + text).slice(-SUMMARY_CHARS_MAX);
      return speak();
    },
    toolCall: () => [...speak(), ...whole()],
    flush: () => {
      isSpeaking = false;
      return whole();
    },
  };
}
