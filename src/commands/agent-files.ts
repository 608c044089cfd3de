/** What `files write` refuses to an agent alone, beside the rules of `writeFile` for all. */
import type { Desk } from "../desk/desk.ts";
import type { Actor } from "../domain/event.ts";
import { refusePath } from "../workspace/confine.ts";
import type { FileWrite } from "../workspace/file-write.ts";
import { isArchived } from "../workspace/inbox.ts";
import { isProposalPath, isStemTaken } from "../workspace/proposals.ts";

/** @throws PATH_REFUSED. */
export const refuseAgentFile = async (desk: Desk, actor: Actor, { path }: FileWrite): Promise<void> => {
  if (actor === "human") return;
  // The desk files nothing that stands in the archive already.
  if (isArchived(path)) refusePath(path, "what is done with is for the human to file");
  // Of two files with one name neither can be approved.
  if (isProposalPath(path) && (await isStemTaken(desk.disk, desk.root, path, desk.book.orders.values()))) {
    refusePath(path, "another proposal or an earlier order has this name");
  }
};
