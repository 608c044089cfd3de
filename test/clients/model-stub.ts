/** A scripted model on a port of 127.0.0.1: the turns of a script in the language of one maker, and a record of what was asked. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chatApi } from "./model-stub-chat.ts";
import { geminiApi } from "./model-stub-gemini.ts";
import { messagesApi } from "./model-stub-messages.ts";
import { responsesApi } from "./model-stub-responses.ts";
import type { ModelApi, ModelRequest, Turn } from "./model-stub-script.ts";

const APIS = { messages: messagesApi, responses: responsesApi, chat: chatApi, gemini: geminiApi } satisfies Record<
  string,
  ModelApi
>;

export interface ModelStub {
  /** Without a path: OpenAI's programs want `/v1` behind it. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  close(): Promise<void>;
}

/** The turn is chosen by what stands in the request, so a request that is repeated has the same answer. */
export async function startModelStub(api: keyof typeof APIS, script: readonly Turn[]): Promise<ModelStub> {
  const { tools, answer } = APIS[api];
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.once("end", () => {
      const body = parsed(Buffer.concat(parts).toString());
      const { pathname } = new URL(request.url ?? "/", "http://stub");
      const asked: ModelRequest = { method: request.method ?? "", path: pathname, body, tools: tools(body) };
      requests.push(asked);
      const told = answer(asked, script);
      response.writeHead(told === undefined ? 404 : 200, { "content-type": told?.type ?? "application/json" });
      response.end(told?.text ?? JSON.stringify({ error: { message: "the stub has no such path" } }));
    });
  });
  // Some ask for a socket first, and take a plain request where there is none.
  server.on("upgrade", (_request, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
