/**
 * What a model says in pieces, put together; for programs that tell of no turns: what it says and asks for is one, until
 * something else comes.
 */
import type { AgentEvent } from "./runtime.ts";
import { SUMMARY_CHARS_MAX } from "./run-meter.ts";

export interface MessageAssembler {
  /** A piece of its words. */
  piece(text: string): readonly AgentEvent[];
  /** It asks for a tool, by which its words are whole. */
  act(): readonly AgentEvent[];
  /** Something came that is not of the model. */
  pause(): readonly AgentEvent[];
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
    return text.trim() === "" ? [] : [{ kind: "say", text }];
  };
  return {
    piece: (text) => {
      // No more than the account of the run has room for, however long it speaks.
      words = (words + text).slice(-SUMMARY_CHARS_MAX);
      return speak();
    },
    act: () => [...speak(), ...whole()],
    pause: () => {
      isSpeaking = false;
      return whole();
    },
  };
}
