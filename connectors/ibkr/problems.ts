/** What an error of the gateway means, and what to do about it. Pure. */
import { ConnectRefused, RateLimited } from "@qoc-app/sdk";
import type { GatewayError } from "./answers.ts";

export const RATE_EXCEEDED = 100;
const RATE_PAUSE_MS = 1_000;

/** The gateway states it as a validation error of whatever concerns orders. */
export function isReadOnly({ message }: GatewayError): boolean {
  return /read-only/i.test(message);
}

export function readOnlyError(): ConnectRefused {
  return new ConnectRefused(
    "the gateway is read-only: untick Read-Only API in its settings (Configure, API, Settings), then: qoc connectors restart",
  );
}

export function failureOf(error: GatewayError): Error {
  return error.code === RATE_EXCEEDED ? new RateLimited(error.message, RATE_PAUSE_MS) : error;
}

export function silence(isGreeted: boolean): string {
  return isGreeted
    ? "the gateway accepts the connection and stops answering: restart it"
    : "the gateway accepts the connection and answers nothing: restart it, and check that its API is enabled for socket clients";
}

export function connectProblem(message: string): string {
  return message.includes("ECONNREFUSED")
    ? `${message}: start TWS or IB Gateway, enable its API for socket clients, and compare its port with address in [connector.options]`
    : message;
}
