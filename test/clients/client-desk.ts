/** A desk whose `[agent]` is one vendor's client, and the scripted model that the client talks to. */
import { type TempDesk, type TempDeskOptions, discard, tempDesk } from "../support/temp-desk.ts";
import { type ModelStub, startModelStub } from "./model-stub.ts";
import type { Turn } from "./model-stub-script.ts";

export interface Client {
  /** `runtime` of `[agent]`. */
  readonly runtime: string;
  readonly argv: readonly string[];
  readonly api: Parameters<typeof startModelStub>[0];
  readonly model?: string;
  /** Variables in the desk's environment that lead the client to the model at this address. */
  env(model: string): Readonly<Record<string, string>>;
  /** Names of the variables that `[agent] env` passes to the client. */
  readonly passthroughEnv?: readonly string[];
}

export interface ClientDesk {
  readonly desk: TempDesk;
  readonly stub: ModelStub;
  /** Replaces the model's remaining turns. */
  script(turns: readonly Turn[]): void;
  close(): Promise<void>;
}

export async function clientDesk(client: Client, options: TempDeskOptions = {}): Promise<ClientDesk> {
  const script: Turn[] = [];
  const stub = await startModelStub(client.api, script);
  const desk = await tempDesk({
    ...options,
    config: (template) => `${template}\n${agentToml(client)}`,
    env: { ...options.env, ...client.env(stub.url) },
  });
  return {
    desk,
    stub,
    script: (turns) => void script.splice(0, script.length, ...turns),
    close: async () => {
      await desk.stop();
      await stub.close();
      await discard(desk);
    },
  };
}

function agentToml({ runtime, argv, model, passthroughEnv = [] }: Client): string {
  return [
    "[agent]",
    `runtime = "${runtime}"`,
    `command = ${JSON.stringify(argv)}`,
    ...(model === undefined ? [] : [`model = "${model}"`]),
    `env = ${JSON.stringify(passthroughEnv)}`,
    "unconfined = true",
    "timeout_minutes = 3",
    "",
  ].join("\n");
}
