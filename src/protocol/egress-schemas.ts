/**
 * Zod schemas for what a connector sends to the egress thread. The thread treats every message as hostile. `zod/mini`
 * has the same checks as zod in a tenth of the size, which counts because the thread loads its code at each start.
 */
import * as z from "zod/mini";
import { EGRESS_LIMITS, type EgressRequest } from "./egress-messages.ts";

function text(max: number) {
  return z.string().check(z.maxLength(max));
}
function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.int().check(z.gte(min), z.lte(max));
}
function bytes(max: number) {
  return z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.byteLength <= max && !(value.buffer instanceof SharedArrayBuffer),
    `must be at most ${max} bytes, in memory that is not shared`,
  );
}
/** The length is checked first: a list of holes is short to send, and takes for ever to go through. */
function list<T extends z.core.SomeType>(item: T, max: number) {
  const short = z.custom<readonly unknown[]>(
    (value) => Array.isArray(value) && value.length <= max,
    `must be a list of at most ${max}`,
  );
  return z.pipe(short, z.array(item));
}

const id = integer(0);
const url = text(EGRESS_LIMITS.urlChars);
const headers = list(z.tuple([z.string(), z.string()]), EGRESS_LIMITS.headerCount).check(
  z.refine(
    (lines) => lines.reduce((size, [name, value]) => size + name.length + value.length, 0) <= EGRESS_LIMITS.headerChars,
    `the headers have more than ${EGRESS_LIMITS.headerChars} characters`,
  ),
);

export const egressRequestSchema: z.ZodMiniType<EgressRequest> = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("fetch"),
    id,
    url,
    method: text(20),
    headers,
    redirect: z.enum(["follow", "manual", "error"]),
    bodyLength: z.optional(integer(-1)),
    d: z.optional(bytes(EGRESS_LIMITS.inlineBodyBytes)),
  }),
  z.strictObject({
    type: z.literal("websocket"),
    id,
    url,
    protocols: list(text(200), EGRESS_LIMITS.subprotocols),
    headers,
    deflate: z.boolean(),
    handshakeMs: z.optional(integer(1, 300_000)),
    maxPayload: z.optional(integer(1)),
  }),
  z.strictObject({ type: z.literal("tcp"), id, host: text(255), port: integer(0, 65_535) }),
  z.strictObject({
    type: z.literal("data"),
    id,
    d: bytes(EGRESS_LIMITS.frameBytes),
    isText: z.optional(z.boolean()),
  }),
  z.strictObject({ type: z.literal("end"), id }),
  z.strictObject({ type: z.literal(["ping", "pong"]), id, d: bytes(EGRESS_LIMITS.controlBytes) }),
  z.strictObject({
    type: z.literal("close"),
    id,
    code: z.optional(integer(1000, 4999)),
    reason: z.optional(text(EGRESS_LIMITS.controlBytes)),
  }),
  z.strictObject({
    type: z.literal("options"),
    id,
    noDelay: z.optional(z.boolean()),
    keepAliveMs: z.optional(integer(-1, 86_400_000)),
  }),
  z.strictObject({ type: z.literal("credit"), id, n: integer(1) }),
  z.strictObject({ type: z.literal("abort"), id }),
]);
