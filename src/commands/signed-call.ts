/** Calls a command whose action needs a signature of the operator. */
import * as z from "zod";
import {
  SIGNED_ACTIONS,
  type Authority,
  type SignedAction,
  type SigningRequest,
} from "../domain/authority/authority.ts";
import { QocError } from "../domain/errors/error.ts";
import { isNamedByStem, refStem } from "../domain/ids.ts";
import type { CommandSession } from "./command.ts";
import { lazy } from "../lib/lazy.ts";

const headSchema = lazy(() => z.strictObject({ seq: z.int().nonnegative(), hash: z.string() }));

/** Real answers have some hundred bytes. */
const answerSchema = lazy(() => z.base64().max(4_000));
const passkeyUseSchema = lazy(() =>
  z.strictObject({
    name: z.string().max(100),
    authenticatorData: answerSchema(),
    clientData: answerSchema(),
  }),
);

export const passkeyAnswerSchema = lazy(() =>
  z.strictObject({
    authenticatorData: answerSchema(),
    clientData: answerSchema(),
    signature: answerSchema(),
  }),
);

/** The signature that a client sends with a command; has no place on the command line. */
export const authoritySchema = lazy(() =>
  z.strictObject({
    key: z.enum(["desk", "live", "session", "passkey"]),
    session: z.string().optional(),
    passkey: passkeyUseSchema().optional(),
    epoch: z.int(),
    head: headSchema(),
    expiresAt: z.number(),
    signature: z.base64(),
  }),
);

const signingSchema = lazy(() =>
  z.looseObject({
    signing: z.strictObject({
      key: z.enum(["desk", "live"]),
      statement: z.strictObject({
        desk: z.string(),
        epoch: z.int(),
        head: headSchema(),
        action: z.enum(SIGNED_ACTIONS),
        id: z.string(),
        digest: z.string(),
        shown: z.string(),
        mode: z.enum(["", "paper", "live", "unstated"]),
      }),
    }),
  }),
);

/** What the human decided, as the client knows it: a desk that asks for another signature gets none. */
export interface SignedIntent {
  readonly action: SignedAction;
  /** The id that the person gave, or a part of it that the desk completes; "" if the action concerns the whole desk. */
  readonly id: string;
  readonly digest: string;
  readonly shown?: string;
  /** The mode that the client displayed. */
  readonly mode?: string;
}

export interface SignedCall {
  readonly command: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly intent: SignedIntent;
}

type SigningSession = Pick<CommandSession, "call" | "sign" | "remoteError">;

/** Calls the command; if the desk asks for a signature, signs and calls again. */
export async function callSigned(session: SigningSession, call: SignedCall): Promise<unknown> {
  const { command, input, intent } = call;
  try {
    return await session.call(command, input);
  } catch (error) {
    const refusal = session.remoteError(error);
    if (refusal?.code !== "SIGNATURE_REQUIRED") throw error;
    const authority = await signIntent(session, signingRequestOf(refusal.data), intent);
    return session.call(command, { ...input, authority });
  }
}

/** The signing request in the data of a SIGNATURE_REQUIRED. */
export function signingRequestOf(data: unknown): SigningRequest {
  return signingSchema().parse(data).signing;
}

/** Signs what the human decided. @throws SIGNATURE_INVALID if the desk asks for a signature of something else. */
export async function signIntent(
  session: Pick<CommandSession, "sign">,
  request: SigningRequest,
  { action, id, digest, shown = "", mode }: SignedIntent,
): Promise<Authority> {
  const { statement, key } = request;
  const isMeant =
    statement.action === action &&
    isNamedBy(statement.id, id) &&
    statement.digest === digest &&
    statement.shown === shown &&
    (mode === undefined || statement.mode === mode);
  if (!isMeant) throw new QocError("SIGNATURE_INVALID", { action, key });
  return session.sign(request);
}

/** Whether a person who typed `ref` can mean this id; an empty text names the empty id alone. */
function isNamedBy(id: string, ref: string): boolean {
  const typed = ref.trim();
  return id.toLowerCase() === typed.toLowerCase() || (id !== "" && isNamedByStem(id, refStem(typed)));
}
