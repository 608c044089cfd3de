/** Positions of all connectors, with what they cost and are worth. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { AccountView, Amount, PositionView } from "../../domain/account/account-view.ts";
import type { StatusView } from "../../domain/status-view.ts";
import { grouped, money, shareOf } from "../amounts.ts";
import { resolve } from "../decisions.ts";
import { useLostLine, usePage, useReading } from "../page-context.ts";
import { Ask } from "../parts/ask.tsx";
import { Button } from "../parts/button.tsx";
import { AmountIn } from "../parts/card.tsx";
import { type TableColumn, DataTable, StillRows } from "../parts/data-table.tsx";
import { HeldList } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Change, Unavailable } from "../parts/marks.tsx";
import { Age, Notice, Shown } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";
import { useSending } from "../sending.ts";
import { STATUS } from "../status.ts";
import { HoldingsCards, Reported } from "./holdings.tsx";

type Book = Pick<AccountView, "nav" | "currency" | "accounts">;

/** The weight needs the NAV in the position's currency; the mark is as old as the report of its account. */
function columnsOf(book: Book | undefined): readonly TableColumn<PositionView>[] {
  const weight: TableColumn<PositionView> = {
    title: "weight",
    cell: ({ value, currency }) =>
      (value !== null && book?.nav !== null && book?.currency === currency && shareOf(value, book.nav ?? "0")) || (
        <Unavailable />
      ),
    isNumber: true,
  };
  const after = COLUMNS.findIndex(({ title }) => title === "value") + 1;
  const reported: TableColumn<PositionView> = {
    title: "reported",
    isNamed: true,
    cell: ({ connector }) => {
      const account = book?.accounts.find((each) => each.connector === connector);
      return account === undefined ? <Unavailable /> : <Reported account={account} />;
    },
  };
  return [...COLUMNS.slice(0, after), weight, ...COLUMNS.slice(after), reported];
}

const COLUMNS: readonly TableColumn<PositionView>[] = [
  { title: "symbol", cell: ({ symbol }) => symbol },
  { title: "quantity", cell: ({ quantity }) => grouped(quantity), isNumber: true },
  { title: "average", cell: ({ averagePrice }) => price(averagePrice), isNumber: true },
  { title: "mark", cell: ({ markPrice }) => price(markPrice), isNumber: true },
  { title: "value", cell: ({ value, currency }) => withCurrency(value, currency), isNumber: true },
  {
    title: "unrealized",
    cell: ({ unrealizedPnl, currency }) => <Change amount={unrealizedPnl} unit={currency ?? ""} />,
    isNumber: true,
    phone: "first",
  },
  {
    title: "realized",
    cell: ({ realizedPnl, currency }) => <Change amount={realizedPnl} unit={currency ?? ""} />,
    isNumber: true,
  },
  {
    title: "fees",
    cell: ({ fees }) => (fees.length === 0 ? "none" : fees.map((fee) => <Fee key={fee.currency} fee={fee} />)),
    isNumber: true,
  },
  {
    title: "connector",
    cell: ({ connector, standing }) => (standing === "enabled" ? connector : `${connector} (${standing})`),
  },
];

function Fee({ fee: { amount, currency } }: { readonly fee: Amount }): JSX.Element {
  return (
    <span class="amount">
      <AmountIn amount={amount} unit={currency} />
    </span>
  );
}

function price(amount: string | null): JSX.Element {
  return amount === null ? <Unavailable /> : <>{money(amount)}</>;
}

function withCurrency(amount: string | null, currency: string | null): JSX.Element {
  return amount === null ? <Unavailable /> : <AmountIn amount={amount} unit={currency ?? ""} />;
}

export function PositionsPage(): JSX.Element {
  const question = { command: "positions list", input: {}, topics: ["book", "order:"], everyMs: 15_000 };
  const reading = useReading<readonly PositionView[]>(question);
  const status = useReading<StatusView>(STATUS);
  const book = status.value.value?.book;
  const columns = useMemo(() => columnsOf(book), [book]);
  return (
    <>
      <Heading aside={<Age since={[reading.askedAt.value, status.askedAt.value]} />}>Positions</Heading>
      <FlaggedInstruments flagged={status.value.value?.flagged ?? []} />
      <Shown reading={reading} what="the positions" still={<StillRows columns={columns} isShort />}>
        {(positions) => (
          <DataTable
            caption="positions"
            columns={columns}
            rows={positions}
            keyOf={({ connector, symbol }) => `${connector}/${symbol}`}
            hrefOf={({ symbol }) => hrefOf("research", symbol)}
            empty="No position. A filled order makes one."
          />
        )}
      </Shown>
      <HoldingsCards />
    </>
  );
}

/** Instruments whose positions at the venue and in the fills differ: blocked until a human says what happened. */
function FlaggedInstruments({ flagged }: Pick<StatusView, "flagged">): JSX.Element {
  const { client, drafts } = usePage();
  const lost = useLostLine();
  const [asks, setAsks] = useState<string | undefined>();
  const { isSending, error, send } = useSending();
  const draft = `resolve ${asks ?? ""}`;
  const close = (): void => {
    drafts.drop(draft);
    setAsks(undefined);
  };
  const resolveByHand = (instrument: string, note: string): Promise<void> =>
    send(async () => {
      await resolve(client, instrument, note);
      close();
    });
  return (
    <>
      <HeldList rows={flagged} keyOf={(instrument) => instrument}>
        {(instrument) => (
          <Notice tone="warn" title={`${instrument} is blocked.`}>
            The venue’s position and the fills do not agree.{" "}
            <Button kind="danger" onPress={() => setAsks(instrument)}>
              Resolve…
            </Button>
          </Notice>
        )}
      </HeldList>
      {asks === undefined ? null : (
        <Ask
          title={`Resolve ${asks}`}
          field="what you saw at the venue"
          draft={draft}
          action="Resolve"
          error={error}
          isSending={isSending}
          off={lost}
          onSend={(note) => void resolveByHand(asks, note)}
          onClose={close}
        >
          <p>The desk takes the venue’s position as it is now, and trades the instrument again.</p>
        </Ask>
      )}
    </>
  );
}
