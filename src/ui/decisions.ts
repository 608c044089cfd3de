/** The human's decisions: each is signed by the session's key, and sent once. */
import { type Authority, type SigningRequest, rejectionText } from "../domain/authority/authority.ts";
import type { PasskeyRequest } from "../domain/pages/passkey.ts";
import { RequestError, type DeskClient, requestErrorOf } from "./desk-client.ts";
import { passkeyAuthority } from "./passkey.ts";
import type { Proposal } from "./review/review-state.ts";
import { CannotSign, type PageIntent, digestOfShown, refuseOther, sha256 } from "./session-key.ts";

/** Where an order is after a decision. */
export interface OrderReceipt {
  readonly id: string;
  readonly state: string;
}

type Input = Readonly<Record<string, unknown>>;

/** Calls the command; the desk answers with what it wants signed, and the second call carries the signature. */
async function callSigned<T>(client: DeskClient, command: string, input: Input, intent: PageIntent): Promise<T> {
  try {
    return (await client.call<T>(command, input)).value;
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== "SIGNATURE_REQUIRED") throw error;
    const { signing } = error.data as { signing: SigningRequest };
    return (await client.call<T>(command, { ...input, authority: await signed(client, signing, intent) })).value;
  }
}

/** The authority of a live order: a passkey's answer to exactly this review. */
async function askPasskey(
  client: DeskClient,
  { signing, request }: { readonly signing: SigningRequest; readonly request: PasskeyRequest },
  intent: PageIntent,
): Promise<Authority> {
  try {
    refuseOther(signing.statement, intent);
    return await passkeyAuthority({ session: client.session, statement: signing.statement, request });
  } catch (error) {
    if (error instanceof CannotSign) throw refusalOf(error, intent);
    throw error;
  }
}

async function signed(client: DeskClient, signing: SigningRequest, intent: PageIntent) {
  try {
    return await client.sign(signing, intent);
  } catch (error) {
    if (error instanceof CannotSign) throw refusalOf(error, intent);
    throw error;
  }
}

function refusalOf({ reason }: CannotSign, { action, id }: PageIntent): RequestError {
  if (reason === "live")
    return new RequestError({
      code: "LIVE_KEY_REQUIRED",
      message: `nothing was sent: ${action} needs the live key, which this page does not have`,
      hint: `in a terminal: qoc ${action}${id === "" ? "" : ` ${id}`}`,
    });
  if (reason === "no-passkey")
    return new RequestError({
      code: "PASSKEY_NOT_USED",
      message: "nothing was sent: the passkey was not used",
      hint: `try again, or in a terminal: qoc ${action} ${id}`,
    });
  if (reason === "no-key")
    return new RequestError({
      code: "SESSION_KEY_MISSING",
      message: "nothing was sent: this browser no longer has the key of its session",
      hint: "in a terminal: qoc ui, then open the link",
    });
  return new RequestError({
    code: "SIGNATURE_REFUSED",
    message: "nothing was sent: the desk asked for a signature of something else than you decided",
    hint: "in a terminal: qoc journal verify",
  });
}

export interface ShownOrder {
  readonly id: string;
  readonly digest: string;
}

/** Approves exactly the review that was displayed. What is to be signed came with it. */
export async function approve(
  client: DeskClient,
  { review, signing, passkey }: Pick<Proposal, "review" | "signing" | "passkey">,
): Promise<OrderReceipt> {
  const { id, digest, mode } = review;
  const shown = await digestOfShown(review);
  const intent: PageIntent = { action: "approve", id, digest, shown, mode };
  if (signing === undefined) return callSigned(client, "approve", { id, digest, shown }, intent);
  const authority =
    passkey === undefined
      ? await signed(client, signing, intent)
      : await askPasskey(client, { signing, request: passkey }, intent);
  return (await client.call<OrderReceipt>("approve", { id, digest, shown, authority })).value;
}

export async function reject(client: DeskClient, { id, digest }: ShownOrder, comment: string): Promise<OrderReceipt> {
  const signedDigest = await sha256(rejectionText(digest, comment));
  const intent: PageIntent = { action: "reject", id, digest: signedDigest, shown: "" };
  return callSigned(client, "reject", { id, digest, comment }, intent);
}

/** Asks the venue to cancel a working order. */
export function cancel(client: DeskClient, { id, digest }: ShownOrder): Promise<unknown> {
  return callSigned(client, "cancel", { id }, { action: "cancel", id, digest, shown: "" });
}

/** Cancels under way at the same time: a session may run 16 commands, and the page reads meanwhile. */
const CANCELS_AT_ONCE = 4;

/** Asks for the cancel of each order, with a signature for each. Returns a sentence for each that was not taken. */
export async function cancelAll(client: DeskClient, ids: readonly string[]): Promise<readonly string[]> {
  const waiting = [...ids];
  const failures: string[] = [];
  const work = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await cancel(client, (await client.call<ShownOrder>("orders show", { id })).value);
      } catch (error) {
        failures.push(`${id}: ${requestErrorOf(error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: CANCELS_AT_ONCE }, work));
  return failures;
}

/** Closes an unknown or lost order by hand, or a flagged instrument. */
export async function resolve(client: DeskClient, id: string, note: string): Promise<unknown> {
  const intent: PageIntent = { action: "resolve", id, digest: await sha256(note), shown: "" };
  return callSigned(client, "resolve", { id, note }, intent);
}

export interface TradingAnswer {
  readonly trading: string;
  readonly reason: string;
  /** Orders that still work at their venues. */
  readonly working: readonly unknown[];
}

export async function halt(client: DeskClient, reason: string): Promise<TradingAnswer> {
  const intent: PageIntent = { action: "halt", id: "", digest: await sha256(reason), shown: "" };
  return callSigned(client, "halt", { reason }, intent);
}

export async function resume(client: DeskClient, reason: string): Promise<TradingAnswer> {
  const intent: PageIntent = { action: "resume", id: "", digest: await sha256(reason), shown: "" };
  return callSigned(client, "resume", { reason }, intent);
}
