/** Who decides, and by which interface. */

/** The originator of an event. */
export type Actor = `human` | `agent:${string}` | "host";
/** The interface that a decision came through, as the host knows it. `tty` is in journals of earlier versions only. */
export type Channel = "cli" | "tty" | "mcp" | "http" | "file" | "host";
