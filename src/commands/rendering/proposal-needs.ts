/** What a proposal waits for, in words. */
import type { PendingProposal } from "../../domain/status-view.ts";

export const NEEDS: Readonly<Record<PendingProposal["needs"], string>> = {
  approval: "",
  correction: "needs correction",
  connector: "needs a connector",
  "another-name": "needs another name",
  "another-proposal": "must be proposed again",
  "running-desk": "is not read yet",
};
