import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "vitest";
import { certify } from "../../src/certify/certify.ts";
import { startProcess } from "../../src/host/process-transport.ts";
import { startWorker } from "../../src/host/transport.ts";
import { residentMb } from "../../src/main/processes.ts";
import { systemClock, systemIds } from "../../src/main/world.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { parseCertifySettings } from "../../src/workspace/certify-settings.ts";
import { WORKER_TEXT } from "../kit/adapter-stand.ts";
const EMPTY = mkdtempSync(join(tmpdir(), "qoc-empty-"));
const go = async (adapter: string, toml: string, isolation: "worker" | "process" = "worker") => {
  const t = performance.now();
  const r = await certify({
    adapter, name: "x", settings: parseCertifySettings(toml, "certify.toml"), isolation,
    transport: (memoryMb) => isolation === "process" ? startProcess({ text: WORKER_TEXT, memoryMb, cwd: EMPTY, clock: systemClock, residentMb }) : startWorker({ text: WORKER_TEXT, name: "kit", memoryMb }),
    disk: nodeDisk(), clock: systemClock, ids: systemIds, say: () => {},
  });
  console.log(adapter, isolation, Math.round(performance.now() - t), "ms", JSON.stringify(r.counts), r.certified, "\n" + r.cases.filter((c) => process.env.ALL ? true : c.outcome !== "passed").map((c) => `${c.id} ${c.outcome} ${c.ms} ${c.reason}`).join("\n"), "\n" + r.guarantees.map((g) => `${g.given ? "+" : "-"} ${g.guarantee}: ${g.because}`).join("\n"));
};
const skel = `symbol="AAPL"\n[auth]\napi_key="kit-key-123456"`;
if (process.env.W?.includes("skel")) it("skel", { timeout: 200000 }, () => go("/work/main/test/fixtures/adapters/my-venue/index.ts", skel));
if (process.env.W?.includes("skvenue")) it("skel", { timeout: 200000 }, () => go("/work/main/test/fixtures/adapters/my-venue/index.ts", skel + `\n[options]\nurl="{venue}"`));
if (process.env.W?.includes("paper")) it("paper", { timeout: 200000 }, () => go("/work/main/connectors/paper/index.ts", `symbol="SPX"\n[auth]\n[options]\nbar_seconds=0.05`));
if (process.env.W?.includes("proc")) it("proc", { timeout: 200000 }, () => go("/work/main/test/fixtures/venue-adapter/index.ts", `[options]\nurl="{venue}"\nstream="{stream}"\n[auth]\napi_key="kit-key-123456"`, "process"));
