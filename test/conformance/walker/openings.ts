/** Changes of the worker's text that reopen one way to a native handle each. They show that the walker finds it. */

function without(text: string, part: string, replacement = ""): string {
  if (!text.includes(part)) throw new Error(`the worker's text does not contain ${JSON.stringify(part)}`);
  return text.replaceAll(part, replacement);
}

export const OPENINGS = {
  "a real socket in a global": (text: string) =>
    `globalThis.opened = { socket: new (require("node:net").Socket)() };${text}`,
  "the runtime's fetch and dispatcher": (text: string) =>
    without(
      without(text, "refuseDispatchers();", ";"),
      "removeNetworkGlobals();",
      "void globalThis.fetch('http://127.0.0.1:1/').catch(() => 0);",
    ),
  "prototypes that are not frozen": (text: string) => without(text, "freezeIntrinsics();", ";"),
} satisfies Record<string, (text: string) => string>;

export type Opening = keyof typeof OPENINGS;
