/** Asks for the cancel of every order in flight, after a second press. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { cancelAll } from "../decisions.ts";
import { useLostLine, usePage } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { ErrorNotice, Notice } from "../parts/texts.tsx";
import { useSending } from "../sending.ts";

export function CancelAll({ ids }: { readonly ids: readonly string[] }): JSX.Element | null {
  const { client, data } = usePage();
  /** What the human saw when they pressed: an order that comes later is not among them. */
  const [asked, setAsked] = useState<readonly string[] | undefined>();
  const [failures, setFailures] = useState<readonly string[]>([]);
  const { isSending, error, send } = useSending();
  const off = useLostLine() ?? (isSending ? "The cancels are being sent." : undefined);
  const cancelAsked = (): Promise<void> =>
    send(async () => {
      setFailures(await cancelAll(client, asked ?? []));
      setAsked(undefined);
      data.take({ kind: "changed", topics: ["order:"] });
    });
  return (
    <>
      {failures.length === 0 ? null : (
        <Notice
          tone="bad"
          role="alert"
          title={failures.length === 1 ? "1 cancel was not taken." : `${failures.length} cancels were not taken.`}
        >
          {failures.join("; ")}
        </Notice>
      )}
      {error === undefined ? null : <ErrorNotice error={error} />}
      <p class="buttons">
        {asked === undefined ? (
          <Button off={ids.length === 0 ? "No order is in flight." : off} onPress={() => setAsked(ids)}>
            Cancel all…
          </Button>
        ) : (
          <>
            <Button kind="danger" off={off} onPress={() => void cancelAsked()}>
              {isSending
                ? "Sending…"
                : `Ask for the cancel of ${asked.length} ${asked.length === 1 ? "order" : "orders"}`}
            </Button>
            <Button off={off} onPress={() => setAsked(undefined)}>
              Back
            </Button>
          </>
        )}
      </p>
    </>
  );
}
