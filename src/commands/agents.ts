/** agent setup | list | revoke: agents of the operator's own. */
import { resolve } from "node:path";
import { z } from "zod";
import { newToken } from "../domain/agent-access.ts";
import { grantAgent, revokeAgent } from "../trading/agent-access.ts";
import { iso } from "../trading/desk.ts";
import { CLIENTS, clientCommand, clientConfig } from "../workspace/client-config.ts";
import { prepareClientFile } from "../workspace/client-file.ts";
import { body, requireDesk } from "./command.ts";

export const agentSetup = body({
  input: z.strictObject({
    client: z.enum(CLIENTS),
    write: z.boolean().default(false),
    to: z.string().optional(),
    name: z.string().optional(),
  }),
  output: z.object({
    agent: z.string(),
    client: z.enum(CLIENTS),
    /** Where the program looks for its entry; with `--write`, where it now is. */
    file: z.string(),
    written: z.boolean(),
    /** Both hold the token; null where the file holds it. */
    config: z.string().nullable(),
    command: z.string().nullable(),
  }),
  run: async ({ client, write, to, name }, call) => {
    const { desk } = requireDesk(call);
    const agent = name ?? client;
    const token = newToken(desk.ids);
    const entry = { url: `http://127.0.0.1:${desk.config.workspace.port}/mcp`, token };
    const { file, text } = clientConfig(client);
    const prepared = write
      ? await prepareClientFile(desk.disk, client, entry, resolve(call.cwd, to ?? "."))
      : undefined;
    await grantAgent(desk, { agent, client, token, actor: call.actor });
    try {
      await prepared?.write();
    } catch (error) {
      // A token that nobody holds is no way in worth keeping.
      await revokeAgent(desk, agent, "host");
      throw error;
    }
    if (prepared !== undefined)
      return { agent, client, file: prepared.path, written: true, config: null, command: null };
    call.note(
      `${agent} may connect from now on; its token is in this entry and is not shown again (qoc agent revoke ${agent} takes it back)`,
    );
    return { agent, client, file, written: false, config: text(entry), command: clientCommand(client, entry) ?? null };
  },
});

export const agentList = body({
  input: z.strictObject({}),
  output: z.array(
    z.object({ agent: z.string(), client: z.string(), grantedAt: z.string(), lastSeenAt: z.string().nullable() }),
  ),
  run: async (_input, call) => {
    const { desk, lastSeen } = requireDesk(call);
    return [...desk.state.agents].map(([agent, { client, grantedAt }]) => {
      const seen = lastSeen(agent);
      return { agent, client, grantedAt: iso(grantedAt), lastSeenAt: seen === undefined ? null : iso(seen) };
    });
  },
});

export const agentRevoke = body({
  input: z.strictObject({ name: z.string() }),
  output: z.object({ agent: z.string(), revoked: z.boolean() }),
  run: async ({ name }, call) => {
    await revokeAgent(requireDesk(call).desk, name, call.actor);
    return { agent: name, revoked: true };
  },
});
