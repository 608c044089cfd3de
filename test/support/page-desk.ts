/** A whole desk with its page on a free port, for a browser or for {@link PageClient}. */
import { randomUUID } from "node:crypto";
import { makeCode } from "./page-client.ts";
import { type TempDesk, type TempDeskOptions, tempDesk } from "./temp-desk.ts";

export interface PageDesk {
  readonly desk: TempDesk;
  /** `http://localhost:PORT`. */
  readonly origin: string;
  /** A link as `qoc ui` prints it. */
  link(): Promise<string>;
}

export async function pageDesk(options: TempDeskOptions = {}): Promise<PageDesk> {
  const desk = await tempDesk(options);
  const origin = `http://localhost:${desk.port}`;
  return { desk, origin, link: async () => `${origin}/ui/?open=${randomUUID()}#login=${(await makeCode(desk)).code}` };
}
