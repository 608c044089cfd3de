/** A scripted model on a port of 127.0.0.1: sends a script's turns by one vendor's API, and records the requests. */
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
  /** Without a path; OpenAI's programs need `/v1` after it. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  close(): Promise<void>;
}

/** The request's content selects the turn, so that a repeated request gets the same response. */
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
      const settings = answer(asked, script);
      response.writeHead(settings === undefined ? 404 : 200, { "content-type": settings?.type ?? "application/json" });
      response.end(settings?.text ?? JSON.stringify({ error: { message: "the stub has no such path" } }));
    });
  });
  // Some programs ask for a WebSocket first, and send a plain request if it is refused.
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
