/** A desk as an earlier version left it: its journal of format 1, its files, and its key in the earlier form. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyPath } from "../../src/workspace/layout.ts";

export const EARLIER_DESK = fileURLToPath(new URL("../fixtures/journal-format-1", import.meta.url));

function earlierKey() {
  const der = Buffer.from(readFileSync(`${EARLIER_DESK}/operator-key.txt`, "utf8"), "base64");
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

export function earlierPublicPem(): string {
  return String(createPublicKey(earlierKey()).export({ type: "spki", format: "pem" }));
}

/** Puts the files where a workspace and a home have them. With a passphrase the key is under it. */
export function copyEarlierDesk(passphrase?: string): { root: string; home: string } {
  const base = mkdtempSync(join(tmpdir(), "qoc-format-1-"));
  const [root, home] = [join(base, "desk"), join(base, "home")];
  for (const name of ["desk.toml", "venue.ts"]) cpSync(`${EARLIER_DESK}/${name}`, `${root}/${name}`);
  cpSync(`${EARLIER_DESK}/journal`, `${root}/.qoc/journal`, { recursive: true });
  cpSync(`${EARLIER_DESK}/venue-orders.json`, `${root}/.qoc/connectors/venue/orders.json`);
  cpSync(`${EARLIER_DESK}/pending-proposal.toml`, `${root}/orders/pending/20261128-011.toml`);
  const first = readFileSync(`${EARLIER_DESK}/journal/000001.ndjson`, "utf8").split("\n", 1)[0] ?? "";
  const { deskId } = JSON.parse(first) as { deskId: string };
  const key = keyPath(home, deskId);
  mkdirSync(join(key, ".."), { recursive: true, mode: 0o700 });
  const form = { type: "pkcs8", format: "pem" } as const;
  const pem = earlierKey().export(passphrase === undefined ? form : { ...form, cipher: "aes-256-cbc", passphrase });
  writeFileSync(key, pem, { mode: 0o600 });
  writeFileSync(`${key}.pub`, earlierPublicPem());
  return { root, home };
}
