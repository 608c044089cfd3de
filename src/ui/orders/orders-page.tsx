/** All orders, newest first, and one order in detail. */
import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import type { OrderSummary } from "../../domain/order-view.ts";
import { grouped, money } from "../amounts.ts";
import { useReading } from "../page-context.ts";
import { type TableColumn, DataTable } from "../parts/data-table.tsx";
import { Heading } from "../parts/heading.tsx";
import { SideWord, StateMark } from "../parts/marks.tsx";
import { Age, Empty, Shown, Time } from "../parts/texts.tsx";
import type { RoutedPage } from "../router.ts";
import { hrefOf } from "../router.ts";
import { Outcome } from "../review/outcome.tsx";

const COLUMNS: readonly TableColumn<OrderSummary>[] = [
  { title: "id", cell: ({ id }) => id },
  { title: "state", cell: ({ state }) => <StateMark state={state} />, phone: "first" },
  { title: "side", cell: ({ terms }) => <SideWord side={terms.side} /> },
  { title: "quantity", cell: ({ terms }) => grouped(terms.quantity), isNumber: true },
  { title: "symbol", cell: ({ terms }) => terms.symbol },
  { title: "type", cell: ({ terms }) => terms.type.replace("_", "-"), phone: "no" },
  { title: "price", cell: ({ terms }) => priceOf(terms), isNumber: true },
  { title: "filled", cell: ({ filled }) => grouped(filled), isNumber: true },
  { title: "average", cell: ({ averagePrice }) => (averagePrice === null ? "" : money(averagePrice)), isNumber: true },
  {
    title: "at",
    cell: ({ terms }) => `${terms.connector}${terms.mode === "paper" ? "" : ` ${terms.mode.toUpperCase()}`}`,
  },
  { title: "proposed", cell: ({ proposedAt }) => <Time at={proposedAt} />, phone: "no" },
];

function priceOf({ limitPrice, stopPrice }: OrderSummary["terms"]): string {
  const price = limitPrice ?? stopPrice;
  return price === undefined ? "market" : money(price);
}

export function OrdersPage({ id }: RoutedPage): JSX.Element {
  return id === "" ? <OrderList /> : <Outcome key={id} id={id} />;
}

const STATES = ["proposed", "approved", "submitting", "unknown", "accepted", "partially_filled", "filled"] as const;
const ENDED = ["cancelled", "expired", "rejected", "denied"] as const;

function OrderList(): JSX.Element {
  const question = { command: "orders list", input: { limit: 10_000 }, topics: ["order:"] };
  const reading = useReading<readonly OrderSummary[]>(question);
  const [text, setText] = useState("");
  const [state, setState] = useState("");
  const all = reading.value.value;
  const rows = useMemo(() => filtered(all ?? [], text, state), [all, text, state]);
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Orders</Heading>
      <OrderFilters text={text} onText={setText} state={state} onState={setState} />
      <Shown reading={reading} what="the orders">
        {(orders) =>
          orders.length === 0 ? (
            <Empty>
              No order yet. An agent or <code>qoc orders propose</code> makes one.
            </Empty>
          ) : (
            <>
              <p class="dim" role="status">
                {rows.length === orders.length
                  ? `${grouped(String(orders.length))} orders, newest first`
                  : `${grouped(String(rows.length))} of ${grouped(String(orders.length))} orders`}
              </p>
              <DataTable
                caption="orders, newest first"
                columns={COLUMNS}
                rows={rows}
                keyOf={(order) => order.id}
                hrefOf={(order) => hrefOf(order.state === "proposed" ? "review" : "orders", order.id)}
                toneOf={(order) => (order.state === "unknown" || order.flags.length > 0 ? "odd-one" : undefined)}
              />
            </>
          )
        }
      </Shown>
    </>
  );
}

function filtered(orders: readonly OrderSummary[], text: string, state: string): readonly OrderSummary[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  return orders
    .filter((order) => state === "" || order.state === state)
    .filter(({ id, terms }) => {
      const line = `${id} ${terms.side} ${terms.symbol} ${terms.connector} ${terms.type}`.toLowerCase();
      return words.every((word) => line.includes(word));
    })
    .toReversed();
}

interface OrderFiltersProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly state: string;
  readonly onState: (state: string) => void;
}

function OrderFilters({ text, onText, state, onState }: OrderFiltersProps): JSX.Element {
  const [textId, stateId] = [useId(), useId()];
  return (
    <div class="filters">
      <label for={textId}>
        filter
        <input
          id={textId}
          data-filter
          value={text}
          placeholder="id, symbol, side or connector"
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      </label>
      <label for={stateId}>
        state
        <select id={stateId} value={state} onChange={({ currentTarget }) => onState(currentTarget.value)}>
          <option value="">any</option>
          {[...STATES, ...ENDED].map((name) => (
            <option key={name} value={name}>
              {name.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
