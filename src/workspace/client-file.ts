import type { Disk } from "../domain/ports.ts";
import { type Client, type DeskEntry, type PreparedFile, prepareClientFile as prepare } from "./client-config.ts";
export function prepareClientFile(disk: Disk, client: Client, entry: DeskEntry, to: string): Promise<PreparedFile> {
  return prepare(disk, { client, entry, to });
}
