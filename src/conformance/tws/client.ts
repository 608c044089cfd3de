/** One connection of a client to the kit's gateway, and the faults of its answers. */
import type { Socket } from "node:net";
import type { Clock } from "../../domain/ports.ts";
import type { VenueOutcome } from "../../domain/sdk-kit.ts";
import { type Fault, type ResponseFault, replacesAnswer } from "../venue/fake-venue-faults.ts";
import { errorMessage } from "./answers.ts";
import { TwsFrameReader, type TwsFields, frameOf } from "./frames.ts";
import type { TwsRequest } from "./requests.ts";

export class TwsClient {
  readonly reader = new TwsFrameReader();
  readonly socket: Socket;
  /** undefined until the client has started the API. */
  clientId: number | undefined;
  isGreeted = false;
  /** Subscriptions to quotes, by the id of the request. */
  readonly quotes = new Map<number, string>();
  isDelayed = false;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(...messages: readonly TwsFields[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(messages.map(frameOf)));
  }
}

const LINK_MS = 20;

export const READ_ONLY = "Error validating request.-'bW' : cause - The API interface is currently in Read-Only mode.";

/** Faults that TWS states as an error of the request. */
const ERRORS: Partial<Record<ResponseFault["kind"], readonly [code: number, text: string]>> = {
  "500": [322, "Error processing request.-'bN' : cause - null"],
  "408": [320, "Error reading request."],
  "502": [320, "Error reading request."],
  "504": [320, "Error reading request."],
  "429": [100, "Max rate of messages per second has been exceeded:max=50 rec=51 (1)"],
  "401": [321, READ_ONLY],
};

/** What ends the list that answers a request; for a single answer, one without a value. */
const END_OF: Readonly<Record<string, (id: number, account: string) => TwsFields>> = {
  reqContractDetails: (id) => [52, 1, id],
  reqAllOpenOrders: () => [53, 1],
  reqAccountUpdates: (_id, account) => [54, 1, account],
  reqExecutions: (id) => [55, 1, id],
  reqCompletedOrders: () => [102],
  placeOrder: () => [53, 1],
  reqCurrentTime: () => [49, 1, ""],
  reqMktData: (id) => [1, 6, id, 1, -1, 0, 0],
};

/** The end of the answer to a request; no message if nothing ends it. */
export function endOf({ name, id }: TwsRequest, account: string): readonly TwsFields[] {
  const end = END_OF[name];
  return end === undefined ? [] : [end(id, account)];
}

/** Sends the usual answer, or what the fault makes of it. */
export function sendAnswer(
  client: TwsClient,
  request: TwsRequest,
  answer: { readonly fault: Fault | undefined; readonly usual: readonly TwsFields[]; readonly clock: Clock },
): void {
  const { fault, usual, clock } = answer;
  if (!replacesAnswer(fault)) {
    const isBad = (field: unknown): boolean => fault?.kind === "garbled" && String(field) === fault.number;
    client.send(...usual.map((fields) => fields.map((field) => (isBad(field) ? "n/a" : field))));
    return;
  }
  const error = ERRORS[fault.kind];
  if (error !== undefined) client.send(errorMessage(request.id, ...error));
  else if (fault.kind === "reset") client.socket.resetAndDestroy();
  else if (fault.kind === "html") {
    client.send(errorMessage(-1, 1100, "Connectivity between IBKR and Trader Workstation has been lost."));
    const restored = errorMessage(-1, 1102, "Connectivity has been restored - data maintained.");
    clock.after(LINK_MS, () => client.send(restored));
  } else if (fault.kind === "malformed") {
    const [first = [5, request.id, "", ""]] = usual;
    client.send(first.slice(0, Math.ceil(first.length / 2)));
  } else if (fault.kind === "empty") client.send(...endOf(request, ""));
}

const REFUSED =
  "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE MUST EXCEED THE INITIAL MARGIN";

export function refusal(id: number, { reason, subject }: Extract<VenueOutcome, { kind: "refused" }>): TwsFields {
  if (reason === "unknown-symbol")
    return errorMessage(id, 200, "No security definition has been found for the request");
  if (reason === "unknown-order")
    return errorMessage(id, 10_147, `OrderId ${id} that needs to be cancelled is not found.`);
  if (reason === "not-open")
    return errorMessage(id, 10_148, `OrderId ${id} that needs to be cancelled cannot be cancelled, state: ${subject}.`);
  return errorMessage(id, 201, `Order rejected - reason:${REFUSED}`);
}
