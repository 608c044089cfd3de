/** Fills of all orders, newest first, by day. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { StatusView } from "../../domain/status-view.ts";
import { counted, grouped, money } from "../amounts.ts";
import { useReading } from "../page-context.ts";
import { DataTable, StillRows, type TableColumn } from "../parts/data-table.tsx";
import { Heading } from "../parts/heading.tsx";
import { SideWord } from "../parts/marks.tsx";
import { Age, ReadError, Time } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";
import { type NamedRow, type RowListOptions, useRowList } from "../row-list.ts";
import { STATUS } from "../status.ts";
import { dayOf } from "../times.ts";

const FILLS: RowListOptions = { command: "fills list", key: "order", topic: "fills" };

interface FillRow {
  readonly key: string;
  readonly row: NamedRow;
}

const COLUMNS: readonly TableColumn<FillRow>[] = [
  { title: "time", cell: ({ row }) => <Time at={row["time"] ?? ""} hasDay /> },
  { title: "side", cell: ({ row }) => <SideWord side={row["side"] ?? ""} />, phone: "first" },
  { title: "quantity", cell: ({ row }) => grouped(row["quantity"] ?? ""), isNumber: true, phone: "first" },
  { title: "symbol", cell: ({ row }) => row["symbol"], phone: "first" },
  { title: "price", cell: ({ row }) => money(row["price"] ?? ""), isNumber: true },
  { title: "fee", cell: ({ row }) => feeOf(row), isNumber: true },
  { title: "order", cell: ({ row }) => <OrderOf row={row} /> },
  { title: "connector", cell: ({ row }) => row["connector"] },
  { title: "note", cell: ({ row }) => <Note note={row["note"] ?? ""} /> },
];

function feeOf({ fee, feeCurrency }: NamedRow): string {
  return fee === null || fee === undefined ? "" : `${money(fee)} ${feeCurrency ?? ""}`;
}

function OrderOf({ row }: { readonly row: NamedRow }): JSX.Element {
  const order = row["order"] ?? null;
  return order === null ? (
    <span class="tone-warn">! not of this desk</span>
  ) : (
    <a href={hrefOf("orders", order)}>{order}</a>
  );
}

function Note({ note }: { readonly note: string }): JSX.Element | null {
  return note === "" ? null : <span class={note === "busted" ? "tone-bad" : "dim"}>{note}</span>;
}

/** A replayed market has a time of its own. */
function VenueTimes({ connectors }: Pick<StatusView, "connectors">): JSX.Element | null {
  const replaying = connectors.filter(({ venueDate }) => venueDate !== null);
  if (replaying.length === 0) return null;
  const names = replaying.map(({ name, venueDate }) => `${name} (now ${venueDate ?? ""})`);
  return <p class="dim small">Times of fills are those of the venue. Replayed markets: {names.join(", ")}.</p>;
}

const keyOf = ({ key }: FillRow): string => key;
const dayOfFill = ({ row }: FillRow): string => dayOf(row["time"] ?? "");

export function FillsPage(): JSX.Element {
  const list = useRowList(FILLS);
  const status = useReading<StatusView>(STATUS);
  const all = list.rows.value;
  const rows = useMemo(
    // A fill keeps its number from the oldest, whatever comes after it.
    () => (all ?? []).map((row, index): FillRow => ({ key: String(list.total.peek() - index), row })),
    [all],
  );
  const error = list.error.value;
  return (
    <>
      <Heading aside={<Age since={[list.askedAt.value, status.askedAt.value]} />}>Fills</Heading>
      <ReadError error={error} what="the fills" isKnown={all !== undefined} />
      {all === undefined && error !== undefined ? null : (
        <div data-as-of={list.askedAt.value}>
          <p class="dim" role="status">
            {all === undefined ? "Reading the fills…" : `${counted(list.total.value, "fill")}, newest first`}
          </p>
          <VenueTimes connectors={status.value.value?.connectors ?? []} />
          {all === undefined ? (
            <StillRows columns={COLUMNS} />
          ) : (
            <DataTable
              caption="fills, newest first"
              columns={COLUMNS}
              rows={rows}
              keyOf={keyOf}
              groupOf={dayOfFill}
              empty="No fill yet. An order that trades makes one."
            />
          )}
        </div>
      )}
    </>
  );
}
