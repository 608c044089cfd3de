/** Records of accepted configurations that verify refuses. */
import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type KeyRole,
  type SigningRole,
  certificateText,
  statementText,
} from "../../../src/domain/authority/authority.ts";
import { compareConfig, digestChanges } from "../../../src/domain/config/compare-config.ts";
import { type ConfigTables, digestTables } from "../../../src/domain/config/config-tables.ts";
import type { ConfigAccepted } from "../../../src/domain/config/config-event.ts";
import type { DeskEvent } from "../../../src/domain/event.ts";
import { foldDeskState } from "../../../src/domain/desk-state.ts";
import type { ConnectorName, Digest } from "../../../src/domain/ids.ts";
import { JournalAudit } from "../../../src/trading/audit/journal-audit.ts";
import { tablesOf } from "../../../src/workspace/accepted-config.ts";
import { readConfig } from "../../../src/workspace/config.ts";

function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, pem: String(publicKey.export({ type: "spki", format: "pem" })) };
}
const PAIRS = { desk: keyPair(), live: keyPair() };
function certificateOf(role: KeyRole, publicPem: string): string {
  return sign(null, Buffer.from(certificateText("d1", role, publicPem)), PAIRS.desk.privateKey).toString("base64");
}
const KEYS = {
  desk: PAIRS.desk.pem,
  live: { publicPem: PAIRS.live.pem, certificate: certificateOf("live", PAIRS.live.pem) },
  host: { publicPem: PAIRS.desk.pem, certificate: "" },
};

function tables(toml: string): ConfigTables {
  return tablesOf(readConfig(toml, "/desk/desk.toml"), "/desk");
}
const LIMIT = (max: number): string => `[[guard]]\nkey = "max-order-quantity"\nmax_quantity = ${max}\n`;
const LIVE = '[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./v.ts"\nmode = "live"\n';

function accepted(toml: string, rest: Partial<ConfigAccepted> = {}): ConfigAccepted {
  return { type: "config.accepted", digest: digestTables(tables(toml)), tables: tables(toml), changes: [], ...rest };
}

interface SignedConfig {
  readonly key: SigningRole;
  readonly before: string;
  readonly after: string;
  readonly shown?: string;
  /** The record that the signature names. */
  readonly head?: number;
}
function signed({ key, before, after, shown, head = 2 }: SignedConfig): ConfigAccepted {
  const digest = digestTables(tables(after));
  const changes = digestChanges(compareConfig(tables(before), tables(after)));
  const place = { epoch: 1, head: { seq: head, hash: HASH }, expiresAt: 1 };
  const subject = { action: "reload", id: "", digest, shown: changes, mode: "" } as const;
  const text = statementText({ desk: "d1", ...place, ...subject });
  const signature = sign(null, Buffer.from(text), PAIRS[key].privateKey).toString("base64");
  return accepted(after, { shown: (shown ?? changes) as Digest, authority: { key, ...place, signature } });
}

const HASH = "0".repeat(64);

function check(events: readonly DeskEvent[], format = 3) {
  const all: DeskEvent[] = [{ type: "desk.created", format, deskId: "d1" }, ...events];
  const audit = new JournalAudit(KEYS);
  all.forEach((event, index) => audit.take({ seq: index + 1, at: index, epoch: 1, event }, HASH));
  const { problems, formats, waiting } = audit.result();
  return { problem: problems[0]?.message, signed: formats[0]?.signatures, waiting };
}
const LIVE_KEY: DeskEvent = { type: "key.changed", role: "live", ...KEYS.live };

describe("accepted configurations", () => {
  it("pass if they tighten, or are signed with the key that the change needs", () => {
    const wider = { before: LIMIT(9), after: LIMIT(20) };
    expect(check([accepted(LIMIT(10)), accepted(LIMIT(9)), signed({ key: "desk", ...wider, head: 3 })])).toEqual({
      problem: undefined,
      signed: 1,
      waiting: 0,
    });
    expect(check([accepted(LIMIT(9)), LIVE_KEY, signed({ key: "live", ...wider })])).toMatchObject({ signed: 1 });
  });

  it.each<[string, readonly DeskEvent[], string]>([
    ["a guard is loosened unsigned", [accepted(LIMIT(9)), accepted(LIMIT(10))], "without a signature"],
    ["the first file has a live connector", [accepted(LIVE)], "broker is live, without a signature"],
    [
      "a removed live connector is paper",
      [
        signed({ key: "live", before: "", after: LIVE, head: 1 }),
        accepted(""),
        accepted(LIVE.replace("live", "paper")),
      ],
      "without a signature",
    ],
    ["the tables are other ones", [accepted(LIMIT(9), { digest: "sha256:0" as Digest })], "its digest"],
    [
      "the desk key, though there is a live key",
      [accepted(LIMIT(9)), LIVE_KEY, signed({ key: "desk", before: LIMIT(9), after: LIMIT(10) })],
      "needs the live key",
    ],
    [
      "the desk key for a live connector",
      [accepted(""), signed({ key: "desk", before: "", after: LIVE })],
      "needs the live key",
    ],
    [
      "another difference was displayed",
      [accepted(LIMIT(9)), signed({ key: "desk", before: LIMIT(9), after: LIMIT(10), shown: "sha256:0" })],
      "what was displayed",
    ],
    [
      "the signature is of another change",
      [
        accepted(LIMIT(9)),
        {
          ...signed({ key: "desk", before: LIMIT(9), after: LIMIT(10) }),
          digest: digestTables(tables(LIMIT(11))),
          tables: tables(LIMIT(11)),
          shown: digestChanges(compareConfig(tables(LIMIT(9)), tables(LIMIT(11)))),
        },
      ],
      "is not the desk key's",
    ],
  ])("are refused if %s", (_, events, problem) => {
    expect(check(events).problem).toContain(problem);
  });

  it("may tighten while an adapter says live and desk.toml says paper, and only a signed paper table ends that", () => {
    const paper = LIVE.replace("live", "paper");
    const unstated = LIVE.replace('mode = "live"', "");
    const says = (mode: "live" | "paper"): DeskEvent => ({
      ...{ type: "connector.changed", connector: "broker" as ConnectorName, state: "ready", mode },
    });
    const isPinned = (events: readonly DeskEvent[]): boolean =>
      foldDeskState(events.map((event, index) => ({ seq: index, at: index, epoch: 1, event }))).config.livePins.has(
        "broker",
      );
    const tightened = [accepted(paper + LIMIT(9)), says("live"), accepted(paper + LIMIT(8))];
    expect(check(tightened).problem).toBeUndefined();
    expect(isPinned(tightened)).toBe(true);
    const guards = { before: unstated + LIMIT(8), after: unstated + LIMIT(9) };
    expect(isPinned([accepted(guards.before), says("live"), signed({ key: "live", ...guards }), says("paper")])).toBe(
      true,
    );
    const ended = signed({ key: "live", before: paper + LIMIT(8), after: paper + LIMIT(9) });
    expect(isPinned([...tightened, ended, says("paper")])).toBe(false);
    expect(isPinned([...tightened, accepted(""), signed({ key: "live", before: "", after: LIMIT(9) })])).toBe(true);
  });

  it("of a desk of an earlier version need a signature from the first on", () => {
    expect(check([accepted(LIMIT(9))], 2).problem).toContain("earlier version");
  });

  it("count the changes that wait at the end", () => {
    const change = { path: "guard.x", before: null, after: "1", effect: "loosens" } as const;
    const waiting = { type: "config.waiting", digest: "sha256:0" as Digest, changes: [change, change] } as const;
    expect(check([accepted(""), waiting])).toMatchObject({ waiting: 2 });
    expect(check([accepted(""), waiting, accepted(LIMIT(9))])).toMatchObject({ waiting: 0 });
  });
});
