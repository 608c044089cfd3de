/** Mistakes on the wire in an adapter of another format, found behind the proxy before its author's fake venue. */
import type { Mistake } from "./apply-mistake.ts";
import { BUYING_POWER, EMIT, FIELD } from "./form-venue-snippets.ts";

const FETCH = 'response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(REQUEST_MS) });';
const IS_SUCCESS = "if (response.status !== 200) throw new Error(`the venue answered ${response.status}`);";
const HAS_RESULT = 'if (answer.result === undefined) throw new Error("the venue sent no result");';
const ERROR_LIST = "if (answer.error !== undefined && answer.error.length > 0)";
const TIME = 'const { unixtime } = await this.read<{ unixtime: number }>("Time");';
const MESSAGE = 'if (this.handleMessage(String(data)) !== "subscribed") return;';

export const FORM_VENUE_WIRE: readonly Mistake[] = [
  {
    name: "an-error-without-a-list-is-no-money",
    description: "An answer without a result counts as an empty one.",
    edits: [
      [ERROR_LIST, "if (Array.isArray(answer.error) && answer.error.length > 0)"],
      [HAS_RESULT, ""],
      [BUYING_POWER, BUYING_POWER.replace(".available", '?.available ?? "0"')],
    ],
    caughtBy: ["C139"],
    reason: "answered 200 with an error",
  },
  {
    name: "the-key-follows-a-redirect",
    description: "It lets fetch follow redirects, and its key is in a header of its own.",
    edits: [[FETCH, FETCH.replace(' redirect: "error",', "")]],
    caughtBy: ["C141"],
    reason: "a secret was sent there",
  },
  {
    name: "fills-are-numbered-by-arrival",
    description: "The ids of its fills count the messages of the stream.",
    edits: [
      [FIELD, `${FIELD}\n  private count = 0;`],
      [EMIT, `${EMIT}\n    fill = { ...fill, fillId: \`n\${(this.count += 1)}\` };`],
    ],
    caughtBy: ["C142"],
    reason: "use the venue's execution id",
  },
  {
    name: "a-binary-frame-ends-the-worker",
    description: "A frame that is no text is an error that nothing catches.",
    edits: [[MESSAGE, `if (typeof data !== "string") throw new Error("a binary frame");\n        ${MESSAGE}`]],
    caughtBy: ["C143"],
  },
  {
    name: "asks-again-while-banned",
    description: "It repeats a request that was refused with 418 at once.",
    edits: [
      [
        IS_SUCCESS,
        `while (response.status === 418) response = await fetch(\`\${String(this.ctx.options["url"])}\${path}\`, init);\n    ${IS_SUCCESS}`,
      ],
    ],
    caughtBy: ["C144"],
    reason: "extends the ban",
  },
  {
    name: "a-wrong-clock-is-an-outage",
    description: "It starts only if the venue's time is the machine's, and does not say so.",
    edits: [
      [TIME, `${TIME}\n    if (Math.abs(unixtime * 1000 - Date.now()) > 30_000) throw new Error("the venue is away");`],
    ],
    caughtBy: ["C146"],
    reason: "name the clock",
  },
];
