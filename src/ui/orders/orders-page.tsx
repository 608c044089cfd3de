/** All orders, newest first, and one order in detail. */
import type { JSX } from "preact";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { ORDER_STATES } from "../../domain/orders/order-state-names.ts";
import { counted, grouped, money } from "../amounts.ts";
import { DataTable, StillRows, type TableColumn } from "../parts/data-table.tsx";
import { Heading } from "../parts/heading.tsx";
import { ModeTag, SideWord, StateMark } from "../parts/marks.tsx";
import { Age, ReadError, Time } from "../parts/texts.tsx";
import { Outcome } from "../review/outcome.tsx";
import { type RoutedPage, hrefOf, route } from "../router.ts";
import { type NamedRow, type RowListOptions, useRowList } from "../row-list.ts";

function cellOf(row: NamedRow, name: string): string {
  return row[name] ?? "";
}

const COLUMNS: readonly TableColumn<NamedRow>[] = [
  { title: "id", cell: (row) => cellOf(row, "id") },
  { title: "state", cell: (row) => <StateMark state={cellOf(row, "state")} />, phone: "first" },
  { title: "side", cell: (row) => <SideWord side={cellOf(row, "side")} /> },
  { title: "quantity", cell: (row) => grouped(cellOf(row, "quantity")), isNumber: true },
  { title: "symbol", cell: (row) => cellOf(row, "symbol") },
  { title: "type", cell: (row) => typeOf(row), phone: "no" },
  { title: "price", cell: (row) => (row["price"] === null ? "market" : money(cellOf(row, "price"))), isNumber: true },
  { title: "filled", cell: (row) => grouped(cellOf(row, "filled")), isNumber: true },
  { title: "average", cell: (row) => money(cellOf(row, "averagePrice")), isNumber: true, phone: "no" },
  { title: "at", cell: (row) => <Venue row={row} /> },
  { title: "proposed", cell: (row) => <Time at={cellOf(row, "proposedAt")} />, phone: "no" },
];

function typeOf(row: NamedRow): string {
  const kind = cellOf(row, "kind");
  return kind === "order" ? cellOf(row, "type").replace("_", "-") : kind;
}

function Venue({ row }: { readonly row: NamedRow }): JSX.Element {
  const mode = cellOf(row, "mode");
  return (
    <>
      {cellOf(row, "connector")} {mode === "paper" ? null : <ModeTag mode={mode} />}
    </>
  );
}

export function OrdersPage({ id }: RoutedPage): JSX.Element {
  return id === "" ? <OrderList /> : <Outcome key={id} id={id} />;
}

const ORDERS: RowListOptions = { command: "orders rows", key: "id", topic: "order:" };

/** What a human has chosen to see. */
interface OrderFilter {
  readonly text: string;
  readonly state: string;
  readonly connector: string;
}

function filterOf(query: URLSearchParams): OrderFilter {
  return { text: query.get("symbol") ?? "", state: query.get("state") ?? "", connector: query.get("connector") ?? "" };
}

function OrderList(): JSX.Element {
  const list = useRowList(ORDERS);
  const { query } = route.value;
  const [filter, setFilter] = useState(() => filterOf(query));
  // The address may change while the list is open: by a link, or by the browser's way back.
  useEffect(() => setFilter(filterOf(query)), [query]);
  const all = list.rows.value;
  const rows = useMemo(() => filtered(all ?? [], filter), [all, filter]);
  const connectors = useMemo(() => [...new Set((all ?? []).map((row) => cellOf(row, "connector")))].toSorted(), [all]);
  const error = list.error.value;
  return (
    <>
      <Heading aside={<Age since={list.askedAt.value} />}>Orders</Heading>
      <OrderFilters filter={filter} onFilter={setFilter} connectors={connectors} />
      <ReadError error={error} what="the orders" isKnown={all !== undefined} />
      {all === undefined && error !== undefined ? null : (
        <div data-as-of={list.askedAt.value}>
          <p class="dim" role="status">
            {all === undefined ? "Reading the orders…" : countOf(rows.length, all.length, list.total.value)}
          </p>
          {all === undefined ? (
            <StillRows columns={COLUMNS} />
          ) : (
            <OrderTable rows={rows} filter={filter} isEmpty={all.length === 0} />
          )}
        </div>
      )}
    </>
  );
}

interface OrderTableProps {
  readonly rows: readonly NamedRow[];
  readonly filter: OrderFilter;
  /** The desk has no order at all. */
  readonly isEmpty: boolean;
}

function OrderTable({ rows, filter, isEmpty }: OrderTableProps): JSX.Element {
  return (
    <DataTable
      caption="orders, newest first"
      columns={COLUMNS}
      rows={rows}
      keyOf={(row) => cellOf(row, "id")}
      hrefOf={(row) => hrefOf(row["state"] === "proposed" ? "review" : "orders", cellOf(row, "id"))}
      of={JSON.stringify(filter)}
      empty={
        isEmpty ? (
          <>
            No order yet. An agent or <code>qoc orders propose</code> makes one.
          </>
        ) : (
          "No order is of this kind."
        )
      }
      toneOf={(row) => (row["state"] === "unknown" || cellOf(row, "flags") !== "" ? "odd-one" : undefined)}
    />
  );
}

function countOf(shown: number, read: number, total: number): string {
  const [some, all] = [grouped(String(shown)), grouped(String(total))];
  const rest = read < total ? `, ${grouped(String(read))} of them read so far` : "";
  return shown === total ? `${counted(total, "order")}, newest first` : `${some} of ${all} orders${rest}`;
}

function filtered(orders: readonly NamedRow[], { text, state, connector }: OrderFilter): readonly NamedRow[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (words.join("") === "" && state === "" && connector === "") return orders;
  return orders.filter((row) => {
    if (state !== "" && row["state"] !== state) return false;
    if (connector !== "" && row["connector"] !== connector) return false;
    const line = `${row["id"]} ${row["side"]} ${row["symbol"]} ${row["connector"]} ${row["type"]}`.toLowerCase();
    return words.every((word) => line.includes(word));
  });
}

interface OrderFiltersProps {
  readonly filter: OrderFilter;
  readonly onFilter: (filter: OrderFilter) => void;
  readonly connectors: readonly string[];
}

function OrderFilters({ filter, onFilter, connectors }: OrderFiltersProps): JSX.Element {
  const [textId, stateId, connectorId] = [useId(), useId(), useId()];
  return (
    <div class="filters">
      <label for={textId}>
        filter
        <input
          id={textId}
          data-filter
          value={filter.text}
          placeholder="id, symbol, side or connector"
          onInput={({ currentTarget }) => onFilter({ ...filter, text: currentTarget.value })}
        />
      </label>
      <label for={stateId}>
        state
        <select
          id={stateId}
          value={filter.state}
          onChange={({ currentTarget }) => onFilter({ ...filter, state: currentTarget.value })}
        >
          <option value="">any</option>
          {ORDER_STATES.map((name) => (
            <option key={name} value={name}>
              {name.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
      <label for={connectorId}>
        connector
        <select
          id={connectorId}
          value={filter.connector}
          onChange={({ currentTarget }) => onFilter({ ...filter, connector: currentTarget.value })}
        >
          <option value="">all</option>
          {connectors.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </div>
  );
}
