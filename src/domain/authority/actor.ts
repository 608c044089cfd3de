/** Who decides, and by which interface. */

/** The originator of an event. */
export type Actor = `human` | `agent:${string}` | "host";

/** `a human`, `the desk`, `agent RUN`. */
export function actorWords(actor: Actor): string {
  if (actor === "human") return "a human";
  return actor === "host" ? "the desk" : actor.replace(":", " ");
}

/** The interface that a decision came through, as the host knows it. `tty` is in journals of earlier versions only. */
export type Channel = "cli" | "tty" | "mcp" | "http" | "file" | "host";
