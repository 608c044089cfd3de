/** What a scripted model says, turn by turn, and what each maker's interface must be able to do with it. */

/** One thing of a turn: words, or a call of a tool. */
export type Block =
  | { readonly say: string }
  | {
      /** The tool as the desk spells it: `qoc_status`. */
      readonly call: string;
      readonly input: object;
      /** A name that is said as it stands, such as one of the program's own tools. */
      readonly raw?: true;
    };

/** One answer of the model. */
export type Turn = readonly Block[];

export interface ModelRequest {
  readonly method: string;
  readonly path: string;
  /** Parsed; null where it is none or no JSON. */
  readonly body: unknown;
  /** Names of the tools that the program offers its model, as it spells them. */
  readonly tools: readonly string[];
}

export interface ModelAnswer {
  readonly type: "application/json" | "text/event-stream";
  readonly text: string;
}

/** One maker's interface to its models. */
export interface ModelApi {
  /** The tools of a request. */
  tools(body: unknown): readonly string[];
  /** The answer; undefined: there is no such path. */
  answer(request: ModelRequest, script: readonly Turn[]): ModelAnswer | undefined;
}

/** What is said where the script is over. */
const OVER: Turn = [{ say: "The script is over." }];

export function turnAt(script: readonly Turn[], index: number): Turn {
  return script[index] ?? OVER;
}

/** A name that is said as it stands, or the desk's name as the program spells it. */
export function spelled(block: Extract<Block, { call: string }>, spell: (tool: string) => string): string {
  return block.raw === true ? block.call : spell(block.call);
}

export function json(value: unknown): ModelAnswer {
  return { type: "application/json", text: JSON.stringify(value) };
}

/** Server-sent events, each with its name where the maker gives them names. */
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
