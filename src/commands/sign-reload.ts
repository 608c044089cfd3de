/** The client's side of a change of desk.toml: it signs what it computed from the tables, not what the desk says. */
import type { SigningRequest } from "../domain/authority/authority.ts";
import { compareConfig, digestChanges } from "../domain/config/compare-config.ts";
import type { ConfigChange } from "../domain/config/config-field.ts";
import { digestTables } from "../domain/config/config-tables.ts";
import type { ReloadPreview } from "../trading/config/reload-config.ts";
import type { CommandSession } from "./command.ts";
import { signIntent } from "./signed-call.ts";

/** What `reload` would accept now, and what to sign. @throws the problems of desk.toml; DESK_DOWN. */
export async function readPreview(session: Pick<CommandSession, "call">): Promise<ReloadPreview> {
  return (await session.call("reload", { preview: true })) as ReloadPreview;
}

export function previewedChanges({ before, after, livePins }: ReloadPreview): readonly ConfigChange[] {
  return compareConfig(before, after, new Map(Object.entries(livePins)));
}

/** Signs the changes, which the person has seen, and sends them. Returns the report of `reload`. */
export async function signReload(
  session: Pick<CommandSession, "call" | "sign">,
  preview: ReloadPreview,
  signing: SigningRequest,
): Promise<unknown> {
  const digest = digestTables(preview.after);
  const shown = digestChanges(previewedChanges(preview));
  const authority = await signIntent(session, signing, { action: "reload", id: "", digest, shown });
  return session.call("reload", { digest, shown, authority });
}
