/** What a human can do with an order after its decision: ask for its cancel, or resolve it by hand. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isLost } from "../../domain/orders/order-flags.ts";
import type { ReviewedOrder } from "../../domain/orders/review-view.ts";
import { cancel, resolve } from "../decisions.ts";
import { useLostLine, usePage } from "../page-context.ts";
import { Ask } from "../parts/ask.tsx";
import { Button } from "../parts/button.tsx";
import { ErrorNotice } from "../parts/texts.tsx";
import { useSending } from "../sending.ts";

const WORKING = ["approved", "submitting", "accepted", "partially_filled", "unknown"];

export function OrderActions({ order }: { readonly order: ReviewedOrder }): JSX.Element | null {
  const { client, drafts } = usePage();
  const [asks, setAsks] = useState<"cancel" | "resolve" | undefined>();
  const { isSending, error, send } = useSending();
  const off = useLostLine();
  const draft = `resolve ${order.id}`;
  const close = (): void => {
    drafts.drop(draft);
    setAsks(undefined);
  };
  const ask = (work: () => Promise<unknown>): Promise<void> =>
    send(async () => {
      await work();
      close();
    });
  const canResolve = order.state === "unknown" || isLost(order.flags);
  if (!WORKING.includes(order.state) && !canResolve) return null;
  return (
    <div class="buttons">
      {WORKING.includes(order.state) ? (
        <Button
          off={off ?? (order.cancelRequested ? "A cancel is on its way." : isSending ? "It is being sent." : undefined)}
          onPress={() => void ask(() => cancel(client, order))}
        >
          {order.cancelRequested ? "Cancel requested" : "Ask for a cancel"}
        </Button>
      ) : null}
      {canResolve ? (
        <Button kind="danger" off={off} onPress={() => setAsks("resolve")}>
          Resolve by hand…
        </Button>
      ) : null}
      {error !== undefined && asks === undefined ? <ErrorNotice error={error} /> : null}
      {asks === "resolve" ? (
        <Ask
          title={`Resolve ${order.id}`}
          field="what you saw at the venue"
          draft={draft}
          action="Resolve"
          error={error}
          isSending={isSending}
          off={off}
          onSend={(note) => void ask(() => resolve(client, order.id, note))}
          onClose={close}
        >
          <p>Look at the venue first. The desk closes the order as you say, and trades the instrument again.</p>
        </Ask>
      ) : null}
    </div>
  );
}
