/** Approving at a terminal: the person reads the whole review, then says yes to exactly what was read. */
import { decimal } from "../domain/decimal.ts";
import { QocError } from "../domain/error.ts";
import type { Review } from "../trading/review.ts";
import type { CommandEntry } from "../commands/command-entry.ts";
import { usage } from "./argv.ts";
import { RemoteError } from "./client.ts";
import { oneLine } from "../commands/rendering/terminal-text.ts";
import { painter } from "../commands/rendering/paint.ts";
import type { Prompter } from "./prompts.ts";
import { type ShownOrder, renderOrder } from "./render-order.ts";
import type { Session } from "./session.ts";

/** Above this notional, in the account's currency, a yes is not enough: the symbol is typed. */
const TYPED_ABOVE = "10000";

type Input = Readonly<Record<string, unknown>>;

/** The receipt, or undefined where the person said no. @throws whatever the desk answers. */
export async function approve(session: Session, row: CommandEntry, input: Input): Promise<unknown> {
  const { prompter } = session;
  if (input["all"] === true) throw new QocError("NO_BULK_APPROVAL");
  if (input["id"] === undefined) throw usage(row, "ID|FILE is missing: the one order to approve");
  if (prompter === undefined || input["digest"] !== undefined) return send(session, row, input, "cli");
  const order = (await session.call(session.row("orders show"), { id: input["id"] })) as ShownOrder;
  showOrder(session, order);
  return approveShown(session, prompter, row, order);
}

/**
 * Asks about an order that stands on the screen. The desk is sent the review's own digest: the file may have been edited since,
 * and what was read is what is agreed to.
 */
export async function approveShown(
  session: Session,
  prompter: Prompter,
  row: CommandEntry,
  order: ShownOrder,
): Promise<unknown> {
  const { id, digest, review } = order;
  // What is no proposal any more has nothing to agree to; the desk says so in its own words.
  if (review === null || review === undefined) return send(session, row, { id, digest }, "cli");
  if (!(await agrees(prompter, review))) {
    session.note("not approved; nothing was sent");
    return undefined;
  }
  return send(session, row, { id, digest: review.digest }, "tty");
}

export function showOrder(session: Session, order: ShownOrder): void {
  const { io } = session.world;
  const face = { isTty: true, columns: io.columns, paint: painter(io.colour.err) };
  io.err(`${renderOrder(face, order).join("\n")}\n\n`);
}

async function agrees(prompter: Prompter, review: Review): Promise<boolean> {
  const blocked = review.decision === "block" ? "A guard blocks it, so the desk will refuse. " : "";
  const isHeavy =
    review.mode !== "paper" || review.notional === null || decimal(review.notional).abs().gt(decimal(TYPED_ABOVE));
  if (!isHeavy) return prompter.confirm(`${blocked}Approve and send?`);
  const { symbol } = review.terms;
  const why =
    review.mode === "paper"
      ? `notional ${oneLine(review.notional ?? "unknown")}`
      : review.mode === "live"
        ? "LIVE money"
        : "perhaps LIVE money";
  return (
    (await prompter.text(`${blocked}${why}: type ${oneLine(symbol)} to approve and send, or press Enter to stop`)) ===
    symbol
  );
}

/** A live order needs the passphrase: from its descriptor, or asked for once the desk says that it does. */
async function send(session: Session, row: CommandEntry, input: Input, channel: "cli" | "tty"): Promise<unknown> {
  const given = await passphraseFrom(session);
  const whole = given === undefined ? input : { ...input, passphrase: given };
  try {
    return await session.call(row, whole, channel);
  } catch (error) {
    const isLocked = error instanceof RemoteError && error.code === "KEY_REQUIRED";
    if (!isLocked || given !== undefined || session.prompter === undefined) throw error;
    session.note(error.message);
    const typed = await session.prompter.password("Passphrase of the operator's key (press Enter to stop)");
    if (typed === undefined || typed === "") throw error;
    return session.call(row, { ...input, passphrase: typed }, channel);
  }
}

/** The text of `--passphrase-fd` without its line end; undefined: the flag was not given. */
export async function passphraseFrom({ globals, world }: Session): Promise<string | undefined> {
  if (globals.passphraseFd === undefined) return undefined;
  try {
    return (await world.io.fdText(globals.passphraseFd)).replace(/\r?\n$/, "");
  } catch (error) {
    const message = `--passphrase-fd ${globals.passphraseFd} cannot be read: is it open? (... ${globals.passphraseFd}< file)`;
    throw new QocError("USAGE", { message, command: "security" }, { cause: error });
  }
}

/** `key protect`: a passphrase typed twice. @throws USAGE where it is not typed the same, or nobody can be asked. */
export async function newPassphrase(session: Session, row: CommandEntry): Promise<string> {
  const given = await passphraseFrom(session);
  if (given !== undefined) return given;
  if (session.prompter === undefined)
    throw usage(row, "the passphrase is asked for on a terminal, or read from --passphrase-fd N");
  const first = await session.prompter.password("New passphrase (at least 8 characters)");
  const again = await session.prompter.password("Repeat the passphrase");
  if (first === undefined || first !== again) throw usage(row, "the two passphrases differ; nothing was changed");
  return first;
}
