/** Messages of TWS, read by the library as the connector uses it. */
import { EventName, IBApi } from "@stoqey/ib";
import { keepDigits, outliveMessages } from "../../connectors/ibkr/digits.ts";

interface Library {
  readonly controller: {
    readonly socket: { _serverVersion: number };
    onMessage(tokens: readonly string[]): void;
    processIngressQueue(): void;
  };
}

/** The arguments of each event of this name that the library makes of the messages. */
export function readMessages(
  event: EventName,
  messages: readonly (readonly (string | number)[])[],
): readonly (readonly unknown[])[] {
  const api = new IBApi({});
  keepDigits(api);
  outliveMessages(api);
  const found: unknown[][] = [];
  api.on(event as never, (...args: unknown[]) => void found.push(args));
  if (event !== EventName.error)
    api.on(EventName.error, (error) => {
      throw error;
    });
  const { controller } = api as unknown as Library;
  controller.socket._serverVersion = 193;
  for (const message of messages) controller.onMessage(message.map(String));
  controller.processIngressQueue();
  return found;
}

/** The arguments of the events that the library makes of one message. */
export function readMessage(event: EventName, message: readonly (string | number)[]): readonly unknown[] {
  return readMessages(event, [message]).flat();
}
