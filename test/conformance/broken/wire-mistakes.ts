/** Mistakes with errors in success responses, refused resends, redirects, bans, odd frames, silence and clocks. */
import type { Mistake } from "./apply-mistake.ts";
import { BUYING_POWER, FETCH, IS_REJECTED, REQUEST_TIME } from "./template-snippets.ts";

const PLACE = 'const { status, body } = await this.request("POST", "/orders", {';
const OPEN = "    await this.subscribe();\n    ctx";

export const WIRE_MISTAKES: readonly Mistake[] = [
  {
    name: "takes-an-error-for-no-money",
    description: "A success response without an amount counts as no buying power.",
    edits: [[BUYING_POWER, BUYING_POWER.replace(".buying_power;", '.buying_power ?? "0";')]],
    caughtBy: ["C139"],
    reason: "answered 200 with an error",
  },
  {
    name: "rejects-on-any-error-body",
    description: "Each body with an error is a rejection, also that of an internal error.",
    edits: [
      [
        IS_REJECTED,
        `if (status === 200 && errorMessage(body) !== undefined) throw new VenueRejection("refused");\n    ${IS_REJECTED}`,
      ],
    ],
    caughtBy: ["C139"],
    reason: "threw VenueRejection",
  },
  {
    name: "resends-and-believes-the-refusal",
    description: "It sends an order again after a lost answer, and takes the refusal of the twin for a rejection.",
    edits: [
      [
        FETCH,
        `${FETCH.replace("init);", 'init).catch(async (error: unknown) => {\n        if (method !== "POST") throw error;\n        return fetch(`${String(this.ctx.options["url"])}${path}`, init);\n      });')}`,
      ],
      [
        IS_REJECTED,
        'if (status === 409 && !(body as { order?: unknown }).order) throw new VenueRejection("duplicate");\n    ' +
          IS_REJECTED,
      ],
    ],
    caughtBy: ["C140"],
    reason: "threw VenueRejection",
  },
  {
    name: "follows-a-redirect-with-its-key",
    description: "It follows a redirect by hand, with all headers.",
    edits: [
      [
        FETCH,
        `${FETCH.replace("init);", '{ ...init, redirect: "manual" });')}\n      const to = response.headers.get("location");\n      if (to !== null) response = await fetch(to, init);`,
      ],
    ],
    caughtBy: ["C141"],
    reason: "a secret was sent there",
  },
  {
    name: "names-fills-by-their-arrival",
    description: "Its fill ids count the messages of the stream.",
    edits: [
      ["private isConnected = false;", "private isConnected = false;\n  private count = 0;"],
      ["this.ctx.emitFill(fill);", "this.ctx.emitFill({ ...fill, fillId: `${fill.fillId}-${(this.count += 1)}` });"],
    ],
    caughtBy: ["C142"],
    reason: "use the venue's execution id",
  },
  {
    name: "reads-only-text-frames",
    description: "A frame that is no text ends the worker.",
    edits: [
      [
        'if (this.handleMessage(String(data)) !== "hello") return;',
        'if (typeof data !== "string") void Promise.reject(new Error("a binary frame"));\n        if (this.handleMessage(String(data)) !== "hello") return;',
      ],
    ],
    caughtBy: ["C143"],
  },
  {
    name: "asks-until-the-ban-ends",
    description: "It repeats a refused request at once.",
    edits: [
      [
        FETCH,
        `${FETCH}\n      while (response.status === 418) {\n        await new Promise((resolve) => setTimeout(resolve, 50));\n        ${FETCH}\n      }`,
      ],
    ],
    caughtBy: ["C144"],
    reason: "extends the ban",
  },
  {
    name: "connects-without-an-answer",
    description: "Its connect does not wait for the venue's time.",
    edits: [
      [
        REQUEST_TIME,
        'void this.get<{ time: number }>("/time").then(({ time }) => (this.newestFillTime = time)).catch(() => undefined);',
      ],
      [OPEN, "    void this.subscribe().catch(() => undefined);\n    ctx"],
    ],
    caughtBy: ["C145"],
    reason: "must wait for an answer",
  },
  {
    name: "takes-a-wrong-clock-for-an-outage",
    description: "It does not start if the venue's time is not the machine's, and says that the venue is away.",
    edits: [
      [
        REQUEST_TIME,
        `${REQUEST_TIME}\n    if (Math.abs(time - Date.now()) > 30_000) throw new Error("the venue is not available");`,
      ],
    ],
    caughtBy: ["C146"],
    reason: "name the clock",
  },
  {
    name: "leaves-orders-unknown-behind-a-wrong-clock",
    description: "It reads the venue's time before an order, and throws a plain Error if it is not the machine's.",
    edits: [
      [
        PLACE,
        `const { time: venueTime } = await this.get<{ time: number }>("/time");\n    if (venueTime < Date.now() - 30_000) throw new Error("the clock is wrong");\n    ${PLACE}`,
      ],
    ],
    caughtBy: ["C146"],
    reason: "is definite",
  },
];
