/** A dialect of an author's: a module whose functions run in a process of its own, and whose results are checked. */
import * as z from "zod";
import { messageOf } from "../domain/errors/error.ts";
import type {
  Dialect,
  DialectTraits,
  Secrets,
  StreamEvent,
  StreamReply,
  VenueCommand,
  WireContext,
  WireMessage,
  WireRequest,
  WireResponse,
} from "../domain/sdk-kit.ts";
import { type VenueProcess, parseHook } from "./venue/venue-hooks.ts";

/** The statuses of errors that concern no command. */
const ERROR_STATUSES = [401, 418, 429, 500];

const amount = z.string().regex(/^\d+(\.\d+)?$/, "must be a decimal as text");
const symbol = z.string().min(1);
const steps = z.object({ tickSize: amount, lotSize: amount });
const termsSchema = z.object({
  client_order_id: z.string().min(1),
  symbol,
  side: z.enum(["buy", "sell"]),
  quantity: amount,
  type: z.string(),
  time_in_force: z.string(),
  limit_price: amount.optional(),
  stop_price: amount.optional(),
  session: z.enum(["regular", "extended"]).optional(),
  position_intent: z.enum(["open", "close"]).optional(),
  post_only: z.boolean().optional(),
});
const isAuthorized = z.boolean();
const commandSchema = z.union([
  z.object({ isAuthorized, route: z.enum(["time", "account", "positions", "instruments", "unknown"]) }),
  z.object({ isAuthorized, route: z.enum(["quote", "instrument"]), symbol }),
  z.object({ isAuthorized, route: z.literal("place"), terms: termsSchema }),
  z.object({ isAuthorized, route: z.literal("place"), invalid: z.string() }),
  z.object({ isAuthorized, route: z.enum(["order", "cancel"]), orderId: z.string() }),
  z.object({
    isAuthorized,
    route: z.literal("orders"),
    clientOrderId: z.string().optional(),
    isOpenOnly: z.boolean().default(false),
  }),
  z.object({
    isAuthorized,
    route: z.literal("fills"),
    since: z.number(),
    until: z.number().default(Number.POSITIVE_INFINITY),
    after: z.string().optional(),
  }),
  z.object({ isAuthorized, route: z.literal("other"), name: z.string() }),
]);
const responseSchema = z.object({
  status: z.int().min(200).max(599),
  body: z.unknown().optional(),
  text: z.string().optional(),
  type: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});
const messageSchema = z.object({ text: z.string(), isBinary: z.boolean().optional() });
const replySchema = z.object({
  send: z.array(messageSchema),
  state: z.enum(["waiting", "signed-in", "refused"]),
});
const pathSchema = z.string().startsWith("/");
const signedAmount = z.string().regex(/^-?\d+(\.\d+)?$/, "must be a decimal as text");
const statementsSchema = z.object({
  activities: z
    .array(
      z.object({
        kind: z.string(),
        amount: signedAmount.optional(),
        currency: z.string().optional(),
        symbol: symbol.optional(),
        ratio: z.tuple([amount, amount]).optional(),
      }),
    )
    .min(1)
    .optional(),
  rate: z.object({ pair: symbol, rate: amount }).optional(),
  replacesOrders: z.literal(true).optional(),
  schedule: z.enum(["sessions", "always"]).optional(),
});
const traitsSchema = z.object({
  insufficientFunds: z.string().min(1),
  limitOrders: z.array(z.object({ quantity: amount, limit: amount })).min(1),
  longest: z
    .object({ quantity: amount, limit: amount, steps: steps.optional() })
    .transform(({ steps: allowing, ...longest }) =>
      allowing === undefined ? longest : { ...longest, steps: allowing },
    ),
  hasFillFees: z.boolean(),
  hasFeeCurrencies: z.boolean(),
  hasOneCurrency: z.boolean(),
  steppedSymbols: z.tuple([symbol, symbol]),
  symbols: z.tuple([symbol, symbol], symbol),
  currency: z.string().min(1),
  hasShorts: z.boolean(),
  statesQuoteTime: z.boolean(),
  confirmsId: z.boolean(),
  endings: z.array(z.enum(["rejected", "expired", "cancelled"])),
  steps: z.tuple([steps, steps]),
  statements: statementsSchema.optional(),
});

/** @throws FakeVenueFault if a member of the module is missing or wrong; the process is ended then. */
export async function openAuthorDialect(process: VenueProcess): Promise<AuthorDialect> {
  try {
    const ask = async <T>(name: keyof Dialect, schema: z.ZodType<T>, ...args: readonly unknown[]): Promise<T> =>
      parseHook(process.file, name, schema, await process.call(name, ...args));
    const bodies = new Map<number, unknown>();
    for (const status of ERROR_STATUSES) bodies.set(status, await ask("errorBody", z.unknown(), status));
    return new AuthorDialect(process, {
      streamPath: await ask("streamPath", pathSchema),
      traits: await ask("traits", traitsSchema),
      bodies,
    });
  } catch (error) {
    await process.close();
    throw error;
  }
}

interface DialectData {
  readonly streamPath: string;
  readonly traits: DialectTraits;
  readonly bodies: ReadonlyMap<number, unknown>;
}

export class AuthorDialect implements Dialect {
  readonly streamPath: string;
  readonly traits: DialectTraits;
  readonly errorBody: (status: number) => unknown;
  readonly #process: VenueProcess;
  #failure: string | undefined;

  constructor(process: VenueProcess, { streamPath, traits, bodies }: DialectData) {
    this.#process = process;
    this.streamPath = streamPath;
    this.traits = traits;
    this.errorBody = (status) => bodies.get(status);
  }

  read(request: WireRequest, secrets: Secrets): Promise<VenueCommand> {
    return this.#call("read", commandSchema, request, secrets);
  }

  write(context: WireContext): Promise<WireResponse> {
    return this.#call("write", responseSchema, context);
  }

  admits(request: WireRequest, secrets: Secrets): Promise<boolean> {
    return this.#call("admits", z.boolean(), request, secrets);
  }

  converse(message: string | undefined, secrets: Secrets): Promise<StreamReply> {
    return this.#call("converse", replySchema, message, secrets);
  }

  event(event: StreamEvent): Promise<WireMessage> {
    return this.#call("event", messageSchema, event);
  }

  /** Returns a fault of the module; undefined if none is known. */
  async findFault(): Promise<string | undefined> {
    return this.#failure ?? (await this.#process.findFault());
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  async #call<T>(name: keyof Dialect, schema: z.ZodType<T>, ...args: readonly unknown[]): Promise<T> {
    try {
      return parseHook(this.#process.file, name, schema, await this.#process.call(name, ...args));
    } catch (error) {
      this.#failure ??= messageOf(error);
      throw error;
    }
  }
}
