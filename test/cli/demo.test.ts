/** The demo's script, with scripted answers of the program. */
import { expect, it } from "vitest";
import { type CliResult, runDemoScript } from "../../src/cli/demo.ts";
import { QocError } from "../../src/domain/errors/error.ts";

function ok(json: unknown): CliResult {
  return { code: 0, json, text: "" };
}
function refusal(error: QocError): CliResult {
  return { code: error.exit, json: undefined, text: `${JSON.stringify(error)}\n` };
}
function orderWith(digest: string, price: string, state = "proposed") {
  const terms = { connector: "paper", mode: "paper", side: "buy", symbol: "SPX", quantity: "9", type: "market" };
  const review = {
    ...{ decision: "allow", sentence: `buy 9 SPX market, at most ${price}`, book: [], checks: [], facts: [] },
    ...{ mode: "paper", notional: "27000", currency: "USD", typedAbove: "100000", terms },
  };
  return { id: "1", state, path: "orders/executed/1.toml", digest, fills: [], review };
}

it("shows the order again if the market changed its terms before the approval, approves what was shown, and measures itself", async () => {
  const printed: string[] = [];
  const approvals: string[] = [];
  let shows = 0;
  const times = [100, 141.52];
  const shown = [orderWith("sha256:a", "3000"), orderWith("sha256:b", "3010"), orderWith("sha256:b", "3010", "filled")];
  const answers: Readonly<Record<string, (args: readonly string[]) => CliResult>> = {
    "orders list": () => ok([{ id: "1" }]),
    "orders show": () => ok(shown[Math.min(shows++, shown.length - 1)]),
    approve: ([, , , digest = ""]) => {
      approvals.push(digest);
      return digest === "sha256:a"
        ? { code: 7, json: undefined, text: '{"code":"DIGEST_MISMATCH","message":"1 changed after it was shown"}' }
        : ok({ state: "accepted", venueOrderId: "V1" });
    },
    status: () => ok({ book: { nav: "1000269.1" } }),
    snapshot: () => ok({ nav: "1000000", path: "snapshots/a.toml" }),
  };
  const { approved } = await runDemoScript({
    dir: "/desk",
    runCli: async (args) => {
      const answer = answers[args.slice(0, 2).join(" ")] ?? answers[args[0] ?? ""];
      return answer?.(args) ?? ok(args[0] === "up" ? {} : []);
    },
    print: (line) => void printed.push(line),
    ask: async () => undefined,
    wait: async () => undefined,
    // The clock of the machine, whose start is of no concern.
    seconds: () => times.shift() ?? 0,
    speedUp: async () => undefined,
    qoc: "qoc",
  });
  expect(approved).toBe("1");
  expect(approvals).toEqual(["sha256:a", "sha256:b"]);
  expect(printed).toContain("That took 41.5 s. This desk is yours to keep:");
  expect(printed).toContain("    NAV 1,000,269.10 USD");
  expect(printed.join("\n")).toContain("new terms:\n    1: buy 9 SPX market, at most 3010");
});

async function runWith(answer: (args: readonly string[]) => CliResult): Promise<string[]> {
  const typed: string[] = [];
  await runDemoScript({
    dir: "/a desk",
    runCli: async (args) => {
      typed.push(args.join(" "));
      return answer(args);
    },
    print: () => undefined,
    ask: async () => undefined,
    wait: async () => undefined,
    seconds: () => 0,
    speedUp: async () => undefined,
    qoc: "qoc",
  }).catch((error: unknown) => typed.push(String(error), error instanceof QocError ? error.hint : ""));
  return typed;
}

it("starts the desk on the free port if another program takes the port after init", async () => {
  const taken = new QocError("PORT_TAKEN", { port: 7070, free: 7072, owner: "" });
  const typed = await runWith((args) => {
    if (args[0] === "up") return args.includes("--port") ? ok({ connectors: [] }) : refusal(taken);
    return args[0] === "status" ? ok({ book: { nav: "1" } }) : ok(args[0] === "snapshot" ? { nav: "1" } : []);
  });
  expect(typed.slice(1, 3)).toEqual(["up --detach", "up --detach --port 7072"]);
  expect(typed.at(-1)).toBe("down");
});

it("stops the desk if a step fails, and says what the command said and where the desk is", async () => {
  const disk = new QocError("DISK_REFUSED", { path: "inbox", reason: "no space is left", next: "free some" });
  const typed = await runWith((args) => (args[0] === "positions" ? refusal(disk) : ok({})));
  expect(typed.slice(-4)).toEqual([
    "positions list",
    "down",
    "QocError: the demo stopped at qoc positions list: inbox cannot be used: no space is left; its desk is in /a desk",
    "free some; then type the command again",
  ]);
});
