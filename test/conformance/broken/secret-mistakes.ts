/** Mistakes that disclose a secret in part or in another form. */
import type { Mistake } from "./apply-mistake.ts";
import { CONNECTED, IS_REJECTED, SECRET, STATUS_ERROR } from "./template-snippets.ts";

const THROW_ERROR = "throw error;";
const READ_TEXT = "const text = await response.text();";

/** Returns the edit of an adapter that logs an expression at its start. */
function logs(expression: string): Mistake["edits"] {
  return [[CONNECTED, `${CONNECTED}\n    ctx.logger.info(\`key \${${expression}}\`);`]];
}

export const SECRET_MISTAKES: readonly Mistake[] = [
  {
    name: "logs-its-key-with-a-rejection",
    description: "It logs the authorisation of an order that the venue rejected.",
    edits: [
      [IS_REJECTED, `if (status === 422) this.ctx.logger.warn("refused", { auth: ${SECRET} });\n    ${IS_REJECTED}`],
    ],
    caughtBy: ["C84"],
    reason: "as plain text",
  },
  {
    name: "logs-its-headers-after-a-timeout",
    description: "It logs the headers of a request that had no answer in time.",
    edits: [
      [THROW_ERROR, `if (String(error).includes("imeout")) this.ctx.logger.warn(path, headers);\n      ${THROW_ERROR}`],
    ],
    caughtBy: ["C85"],
    reason: "as plain text",
  },
  {
    name: "logs-its-headers-if-it-is-limited",
    description: "It logs the headers of a request that the venue answers with 429.",
    edits: [[READ_TEXT, `if (response.status === 429) this.ctx.logger.warn(path, headers);\n    ${READ_TEXT}`]],
    caughtBy: ["C85"],
    reason: "as plain text",
  },
  {
    name: "logs-the-start-of-its-secret",
    description: "It logs the first ten characters of its key.",
    edits: logs(`${SECRET}.slice(0, 10)`),
    caughtBy: ["C84"],
    reason: "in part",
  },
  {
    name: "logs-the-end-of-its-secret",
    description: "It logs the last eight characters of its key.",
    edits: logs(`${SECRET}.slice(-8)`),
    caughtBy: ["C84"],
    reason: "in part",
  },
  {
    name: "logs-its-secret-in-hexadecimal",
    description: "It logs its key in hexadecimal.",
    edits: logs(`Buffer.from(${SECRET}).toString("hex").toUpperCase()`),
    caughtBy: ["C84"],
    reason: "in hexadecimal",
  },
  {
    name: "logs-its-secret-reversed",
    description: "It logs its key in reverse order.",
    edits: logs(`[...${SECRET}].reverse().join("")`),
    caughtBy: ["C84"],
    reason: "reversed",
  },
  {
    name: "logs-basic-credentials",
    description: "It logs user and key in base64, as basic authentication has them.",
    edits: logs(`btoa(\`user:\${${SECRET}}\`)`),
    caughtBy: ["C84"],
    reason: "in base64",
  },
  {
    name: "basic-credentials-in-an-error",
    description: "Its errors contain user and key in base64.",
    edits: [[STATUS_ERROR, STATUS_ERROR.replace("for ${path}", `for \${path} with \${btoa("desk:" + ${SECRET})}`)]],
    caughtBy: ["C85"],
    reason: "in base64",
  },
  {
    name: "part-of-its-secret-in-the-store",
    description: "It stores half of its key as the name of a session.",
    edits: [[CONNECTED, `${CONNECTED}\n    await ctx.store.put("session", ${SECRET}.slice(4, 15));`]],
    caughtBy: ["C84"],
    reason: "in part",
  },
];
