/** The audit compares the keys of this machine with those of the newest replacement in the journal. */
import { expect, it } from "vitest";
import { certificateText, replacementText } from "../../../src/domain/authority/authority.ts";
import type { KeysReplaced, Recorded } from "../../../src/domain/event.ts";
import { SignatureAudit } from "../../../src/trading/audit/audit-signatures.ts";
import type { PublicKeys } from "../../../src/trading/keys/operator-keys.ts";
import { DESK_ID, KEYS, PAIRS } from "../../support/signed-journal.ts";

const HASH = "0".repeat(64);

/** The desk key of this machine signs a replacement with the host key `hostPem`. */
function replacement(hostPem: string): Recorded<KeysReplaced> {
  const facts = {
    previousDesk: "an earlier key",
    deskPem: KEYS.desk,
    hostPem,
    hostCertificate: PAIRS.desk.sign(certificateText(DESK_ID, "host", hostPem)),
    head: { seq: 1, hash: HASH },
  };
  const signature = PAIRS.desk.sign(replacementText(DESK_ID, facts));
  return { seq: 2, at: 0, epoch: 1, event: { type: "keys.replaced", ...facts, signature } } as never;
}

function auditOf(keys: PublicKeys, hostPem: string) {
  const audit = new SignatureAudit(keys);
  audit.deskId = DESK_ID;
  audit.namedKey(1, { type: "key.changed", role: "desk", publicPem: "an earlier key" } as never);
  const recorded = replacement(hostPem);
  audit.take({ seq: 1 } as never, HASH);
  audit.take(recorded, HASH);
  return { findings: audit.replacedKeys(recorded), strange: audit.strangeKeys.map(({ finding }) => finding.message) };
}

it.each([
  ["the host key of this machine", KEYS.host.publicPem, []],
  ["another host key", PAIRS.live.publicPem, ["the host key of this machine is not the key that the journal names"]],
])("a replacement that names %s", (_name, hostPem, strange) => {
  expect(auditOf(KEYS, hostPem)).toEqual({ findings: [], strange });
});
