/** Once a live connector is enabled, the code of others runs in processes. If that fails, it does not start. */
import type { StatusView } from "../../src/domain/status-view.ts";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ConnectorStatus } from "../../src/trading/market/venue-gateway.ts";
import type { DoctorCheck } from "../../src/trading/doctor.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { findSandbox } from "../support/process-sandbox.ts";
import { type TempDesk, type TempDeskOptions, discard, protect, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

const DECLARES_LIVE = "static capabilities = { mode: 'live' };";
const FILES = {
  "venue.ts": adapterSource(""),
  "declares.ts": adapterSource(DECLARES_LIVE),
  "guard.ts": `export default class { key = "mine"; evaluate() { return { result: "allow" }; } }`,
};
function connector(name: string, more = ""): string {
  return `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./venue.ts"\n${more}\n`;
}
const PAPER = `[[connector]]\nname = "paper"\ntype = "paper"\n`;
const GUARD = `[[guard]]\nkey = "mine"\nadapter = "./guard.ts"\n`;

async function open(config: string, more: Partial<TempDeskOptions> = {}): Promise<TempDesk> {
  desk = await tempDesk({ files: FILES, config: () => `[workspace]\nhistory_enabled = false\n${config}`, ...more });
  return desk;
}
function statusOf(opened: TempDesk, name: string): ConnectorStatus | undefined {
  return opened.open.fleet.venues.status().find((status) => status.name === name);
}
/** Polls: the moves are the desk's own, and no command waits for them. */
function until(isDone: () => boolean): Promise<void> {
  return expect.poll(isDone).toBe(true);
}

describe("a desk with a live connector", () => {
  it("runs every adapter that is not built in, and the custom guards, in processes, and says so", async () => {
    const opened = await open(
      `${connector("venue", `mode = "live"\n${LIVE_LINES}`)}${connector("feed", "orders = false")}${PAPER}${GUARD}${LIVE_GUARD}`,
    );
    await until(() => ["venue", "feed", "paper"].every((name) => statusOf(opened, name)?.state === "ready"));
    for (const [name, isolation, reason] of [
      ["venue", "process", "venue is live"],
      ["feed", "process", "venue is live"],
      ["paper", "worker", undefined],
    ] as const)
      expect([name, statusOf(opened, name)?.state, statusOf(opened, name)?.isolation, reason]).toEqual([
        ...[name, "ready", isolation, statusOf(opened, name)?.isolationReason],
      ]);
    expect(opened.open.desk.guards.level).toBe("process");
    const { connectors } = await opened.call<StatusView>("status");
    const shown = connectors.map(({ name, isolation, isolationReason }) => [name, isolation, isolationReason]);
    expect(shown.toSorted()).toEqual([
      ["feed", "process", "venue is live"],
      ["paper", "worker", null],
      ["venue", "process", "venue is live"],
    ]);
    const { checks } = await opened.call<{ checks: readonly DoctorCheck[] }>("doctor");
    const messages = checks.map(({ message }) => message).join("\n");
    expect(messages).toContain("process (venue is live)");
    expect(messages).toContain("mine run in a process of their own, beside a live connector");
  });

  it("moves what already runs if only the adapter says that it is live", async () => {
    const opened = await open(
      `${connector("feed", "orders = false")}${connector("venue", LIVE_LINES).replace("venue.ts", "declares.ts")}${GUARD}${LIVE_GUARD}`,
      { accept: false },
    );
    // Before its adapter says that it is live, no step needs the live key.
    await until(() => statusOf(opened, "venue")?.lastError?.includes("the live key (qoc keys protect)") === true);
    await protect(opened);
    await opened.call("connectors restart", { name: "venue" });
    await until(() => ["feed", "venue"].every((name) => statusOf(opened, name)?.state === "ready"));
    expect(statusOf(opened, "venue")).toMatchObject({ mode: "live", isolation: "process" });
    expect(statusOf(opened, "feed")).toMatchObject({ isolation: "process", isolationReason: "venue is live" });
    expect(opened.open.desk.guards.level).toBe("process");
    const { root, home } = opened;
    await opened.stop();
    // The journal knows it at the next start.
    desk = await tempDesk({ again: { root, home } });
    expect(statusOf(desk, "venue")).toMatchObject({ state: "ready", isolation: "process" });
  });

  it("runs at worker level without one: a connector that states no mode may start there", async () => {
    const opened = await open(`${connector("venue")}${GUARD}`);
    expect(statusOf(opened, "venue")).toMatchObject({ state: "ready", mode: "unstated", isolation: "worker" });
    expect(opened.open.desk.guards.level).toBe("worker");
  });
});

const sandbox = await findSandbox();
if (sandbox.problem !== undefined)
  process.stderr.write(`\nSKIPPED: an adapter that cannot be moved: ${sandbox.problem}\n\n`);

it.skipIf(sandbox.problem !== undefined)(
  "the live connector does not start, and names the one, if an adapter cannot be moved",
  async () => {
    // A bubblewrap that refuses one connector, which the argument for its memory identifies.
    const folder = mkdtempSync(join(tmpdir(), "qoc-bwrap-"));
    const program = join(folder, "bwrap");
    writeFileSync(
      program,
      `#!/bin/sh\ncase "$*" in *max-old-space-size=77*) echo "bwrap: no more namespaces" >&2; exit 1;; esac\nPATH=/usr/local/bin:/usr/bin:/bin exec bwrap "$@"\n`,
    );
    chmodSync(program, 0o755);
    const opened = await open(
      `${connector("venue", `mode = "live"\n${LIVE_LINES}`)}${connector("feed", "orders = false\nmemory_mb = 77")}${LIVE_GUARD}`,
      { env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` } },
    );
    // The feed runs in the desk's process until the live connector is accepted, and is moved then.
    const moved = "feed could not be moved to a process of its own: bwrap: no more namespaces";
    await until(() => statusOf(opened, "venue")?.lastError === `it is live and cannot start: ${moved}`);
    expect(statusOf(opened, "venue")?.state).not.toBe("ready");
  },
);
