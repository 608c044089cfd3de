/** The turns of a scripted model, and the interface of each vendor's model API. */

/** One part of a turn: text, or a tool call. */
export type Block =
  | { readonly say: string }
  | {
      /** The desk's name of the tool: `qoc_status`. */
      readonly call: string;
      readonly input: object;
      /** A tool name used unchanged, such as one of the program's own tools. */
      readonly raw?: true;
    };

/** One response of the model. */
export type Turn = readonly Block[];

export interface ModelRequest {
  readonly method: string;
  readonly path: string;
  /** The parsed body; null if it is missing or not JSON. */
  readonly body: unknown;
  /** Names of the tools that the program offers its model, in the program's spelling. */
  readonly tools: readonly string[];
}

export interface ModelAnswer {
  readonly type: "application/json" | "text/event-stream";
  readonly text: string;
}

/** One vendor's model API. */
export interface ModelApi {
  /** The tools of a request. */
  tools(body: unknown): readonly string[];
  /** The response; undefined if there is no such path. */
  answer(request: ModelRequest, script: readonly Turn[]): ModelAnswer | undefined;
}

/** The turn after the end of the script. */
const OVER: Turn = [{ say: "The script is over." }];

export function turnAt(script: readonly Turn[], index: number): Turn {
  return script[index] ?? OVER;
}

/** The literal name of a call's tool, or the desk's name in the program's spelling. */
export function spelled(block: Extract<Block, { call: string }>, spell: (tool: string) => string): string {
  return block.raw === true ? block.call : spell(block.call);
}

export function json(value: unknown): ModelAnswer {
  return { type: "application/json", text: JSON.stringify(value) };
}

/** Server-sent events, with names if the vendor names them. */
export function events(list: readonly { readonly name?: string; readonly data: unknown }[]): ModelAnswer {
  return {
    type: "text/event-stream",
    text: list
      .map(
        ({ name, data }) =>
          `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`,
      )
      .join(""),
  };
}
