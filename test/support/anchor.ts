/** Signed heads of a desk in a temporary folder, as its host writes them. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { placeOf } from "../../src/app/journal-guard.ts";
import { scanJournal } from "../../src/bus/journal-read.ts";
import { headText } from "../../src/domain/authority/journal-head.ts";
import { anchorPath } from "../../src/trading/audit/head-anchor.ts";
import { hostSigner } from "../../src/trading/keys/operator-keys.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { LAYOUT, keyPath } from "../../src/workspace/layout.ts";

interface DeskFolders {
  readonly root: string;
  readonly home: string;
}

export function deskIdOfFolder({ root }: DeskFolders): string {
  return readFileSync(`${root}/.qoc/desk-id`, "utf8").trim();
}

/** The path of the anchor of the desk's folder. */
export function anchorOf(desk: DeskFolders): string {
  return anchorPath(keyPath(desk.home, deskIdOfFolder(desk)), placeOf(desk.root));
}

/** Anchors the journal as it is now: for a test that cuts it as a crash would, before a later head was anchored. */
export async function anchorJournal(desk: DeskFolders): Promise<void> {
  const disk = nodeDisk();
  const { head } = await scanJournal(disk, `${desk.root}/${LAYOUT.journal}`);
  const deskId = deskIdOfFolder(desk);
  const signed = { ...head, at: Date.now(), epoch: 1 };
  const sign = await hostSigner(disk, keyPath(desk.home, deskId));
  writeFileSync(anchorOf(desk), JSON.stringify({ ...signed, signature: sign(headText(deskId, signed)) }));
  rmSync(`${desk.root}/${LAYOUT.history}`, { recursive: true, force: true });
}

export function removeAnchors(desk: DeskFolders): void {
  rmSync(`${keyPath(desk.home, deskIdOfFolder(desk))}.heads`, { recursive: true, force: true });
}
