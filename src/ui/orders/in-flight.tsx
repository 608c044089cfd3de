/** The orders in flight, each with its cancel: on the Desk, and in a dialog that opens from every page. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { StatusView } from "../../domain/status-view.ts";
import { cancelAll } from "../decisions.ts";
import { useLostLine, usePage, useReading } from "../page-context.ts";
import { HeldList } from "../parts/held-rows.tsx";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { StateMark } from "../parts/marks.tsx";
import { Age, ErrorNotice, Notice } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";
import { useSending } from "../sending.ts";
import { STATUS, useStatus } from "../status.ts";
import { CancelAll } from "./cancel-all.tsx";

type InFlightOrder = StatusView["orders"][number];

/** Opens the list of the orders in flight. Without an order it is not drawn. */
export function InFlightButton(): JSX.Element | null {
  const orders = useStatus()?.orders ?? [];
  const [isOpen, setOpen] = useState(false);
  if (orders.length === 0 && !isOpen) return null;
  return (
    <>
      <Button id="in-flight" label={`${orders.length} in flight: list and cancel`} onPress={() => setOpen(true)}>
        {orders.length} in flight
      </Button>
      {isOpen ? <InFlightDialog orders={orders} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

interface InFlightDialogProps {
  readonly orders: readonly InFlightOrder[];
  readonly onClose: () => void;
}

function InFlightDialog({ orders, onClose }: InFlightDialogProps): JSX.Element {
  const asked = useReading<StatusView>(STATUS).askedAt.value;
  return (
    <Dialog title="Orders in flight" onClose={onClose}>
      {(close) => (
        <>
          {orders.length === 0 ? <p class="dim">None is left.</p> : null}
          <p class="dim small">
            <Age since={asked} />
          </p>
          <InFlightList orders={orders} onLeave={close} />
          <CancelAll ids={orders.map(({ id }) => id)} />
          <div class="buttons">
            <Button onPress={close}>Close</Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

interface InFlightListProps {
  readonly orders: readonly InFlightOrder[];
  /** A link is followed. */
  readonly onLeave?: () => void;
}

export function InFlightList({ orders, onLeave }: InFlightListProps): JSX.Element {
  return (
    <HeldList rows={orders} keyOf={({ id }) => id} itemClass="in-flight">
      {(order) => (
        <>
          <span>
            <a href={hrefOf("orders", order.id)} onClick={onLeave}>
              {order.id}
            </a>{" "}
            {order.sentence} <StateMark state={order.state} />
            {order.flags.length === 0 ? null : (
              <span class="tone-warn"> ! {order.flags.join(", ").replaceAll("_", " ")}</span>
            )}
          </span>
          <CancelOne id={order.id} />
        </>
      )}
    </HeldList>
  );
}

/** One press asks the venue for the cancel. */
function CancelOne({ id }: { readonly id: string }): JSX.Element {
  const { client, data } = usePage();
  const [failure, setFailure] = useState<string | undefined>();
  const [isAsked, setAsked] = useState(false);
  const { isSending, error, send } = useSending();
  const lost = useLostLine();
  const ask = (): Promise<void> =>
    send(async () => {
      const [failed] = await cancelAll(client, [id]);
      setFailure(failed);
      setAsked(failed === undefined);
      data.take({ kind: "changed", topics: [`order:${id}`] });
    });
  const off = lost ?? (isSending ? "It is being sent." : isAsked ? "A cancel is on its way." : undefined);
  return (
    <>
      <Button kind="quiet" label={`Cancel ${id}`} off={off} onPress={() => void ask()}>
        {isSending ? "Sending…" : isAsked ? "Asked" : "Cancel"}
      </Button>
      {failure === undefined ? null : (
        <Notice tone="bad" role="alert" title="Not taken:">
          {failure}
        </Notice>
      )}
      {error === undefined ? null : <ErrorNotice error={error} />}
    </>
  );
}
