/** What a human asks the desk to do from a component. */
import { useState } from "preact/hooks";
import { type RequestError, requestErrorOf } from "./desk-client.ts";

interface Sending {
  readonly isSending: boolean;
  /** Why the last attempt failed; undefined once another begins. */
  readonly error: RequestError | undefined;
  /** Runs one attempt. It never rejects: `error` says why it failed. */
  readonly send: (work: () => Promise<void>) => Promise<void>;
}

export function useSending(): Sending {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<RequestError | undefined>();
  const send = async (work: () => Promise<void>): Promise<void> => {
    setSending(true);
    setError(undefined);
    try {
      await work();
    } catch (caught) {
      setError(requestErrorOf(caught));
    }
    setSending(false);
  };
  return { isSending, error, send };
}
