/** What `files write` refuses to an agent alone, beside the rules of `writeFile` for all. */
import type { Actor } from "../domain/event.ts";
import { refusePath } from "../workspace/confine.ts";
import type { FileWrite } from "../workspace/file-write.ts";
import { isArchived } from "../workspace/inbox.ts";

/** @throws PATH_REFUSED. */
export const refuseAgentFile = (actor: Actor, { path }: FileWrite): void => {
  if (actor === "human") return;
  // The desk files nothing that stands in the archive already.
  if (isArchived(path)) refusePath(path, "what is done with is for the human to file");
};
