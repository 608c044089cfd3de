/** An unknown name is an error. An empty list would look like a known name without data. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

describe("an unknown name", () => {
  it.each([
    [
      "positions list",
      { connector: "papr" },
      { code: "CONNECTOR_UNKNOWN", message: expect.stringContaining("paper") as string },
    ],
    [
      "logs",
      { run: "run-nope" },
      { code: "INVALID_INPUT", message: "logs: --run: the log has no line of run-nope, and the run is not under way" },
    ],
    ["logs", { run: "run-nope", follow: true }, { code: "INVALID_INPUT" }],
    ["logs", { connector: "papr" }, { code: "CONNECTOR_UNKNOWN" }],
    [
      "orders list",
      { state: "acked" },
      { code: "INVALID_INPUT", message: expect.stringContaining("(did you mean accepted?)") as string },
    ],
    [
      "orders list",
      { state: "partly_filled" },
      { code: "INVALID_INPUT", message: expect.stringContaining("(did you mean partially_filled?)") as string },
    ],
  ])("%s %j fails with the code and the suggestion", async (command, input, error) => {
    await expect(desk.call(command, input)).rejects.toMatchObject(error);
  });

  it("differs from a known name without data, which returns an empty value", async () => {
    expect(await desk.call("positions list", { connector: "paper" })).toEqual([]);
    desk.open.desk.state.runs.set("run-young", { issue: "issues/001-first-look.md", runtime: "demo", at: 0 });
    await expect(desk.call("logs", { run: "run-young" })).resolves.toBeUndefined();
  });
});
