/** What the accounts hold besides positions: accounts with their balances, exposure by asset, and streamed quotes. */
import type { JSX } from "preact";
import type { AccountLine, ExposurePlace, ExposureView } from "../../domain/account/account-view.ts";
import type { StatusView, StreamedQuoteView } from "../../domain/status-view.ts";
import { grouped, money } from "../amounts.ts";
import { usePage, useReading } from "../page-context.ts";
import { AmountIn, Card } from "../parts/card.tsx";
import { DataTable, type TableColumn } from "../parts/data-table.tsx";
import { Change, ModeTag, Moving, Unavailable } from "../parts/marks.tsx";
import { Age, Shown, Time } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";
import { STATUS } from "../status.ts";
import { ageOf } from "../times.ts";

export function HoldingsCards(): JSX.Element {
  const reading = useReading<StatusView>(STATUS);
  const age = <Age since={reading.askedAt.value} />;
  return (
    <>
      <Card title="Accounts" aside={age}>
        <Shown reading={reading} what="the accounts">
          {({ book }) => <Accounts accounts={book.accounts} />}
        </Shown>
      </Card>
      <Card title="Exposure by asset, over all venues and balances" aside={age}>
        <Shown reading={reading} what="the exposures">
          {({ book }) => <Exposures exposures={book.exposures} currency={book.currency} />}
        </Shown>
      </Card>
      <Card title="Quotes that connectors stream" aside={age}>
        <Shown reading={reading} what="the quotes">
          {({ quotes }) => <Quotes quotes={quotes} askedAt={reading.askedAt.value} />}
        </Shown>
      </Card>
    </>
  );
}

const ACCOUNTS: readonly TableColumn<AccountLine>[] = [
  { title: "account", cell: ({ connector }) => connector },
  { title: "mode", cell: ({ mode }) => <ModeTag mode={mode} />, phone: "first" },
  { title: "NAV", cell: ({ nav, currency }) => <AmountIn amount={nav} unit={currency} />, isNumber: true },
  { title: "cash", cell: ({ cash, currency }) => <AmountIn amount={cash} unit={currency} />, isNumber: true },
  {
    title: "today",
    cell: ({ dayPnl, currency }) => <Change amount={dayPnl} unit={currency} />,
    isNumber: true,
  },
  { title: "balances", cell: ({ balances }) => balancesOf(balances), isNumber: true },
  { title: "reported", cell: (account) => <Reported account={account} />, isNamed: true },
];

function balancesOf(balances: AccountLine["balances"]): string {
  return balances.map(({ amount, currency }) => `${grouped(amount)} ${currency}`).join(", ") || "none";
}

/** The account, its marks and its profit are as old as the venue's report of them. */
export function Reported({ account }: { readonly account: AccountLine }): JSX.Element {
  return (
    <>
      <Time at={account.asOf} age /> {account.isStale ? <span class="tone-warn">! old</span> : null}
    </>
  );
}

function Accounts({ accounts }: { readonly accounts: readonly AccountLine[] }): JSX.Element {
  return (
    <DataTable
      caption="accounts"
      columns={ACCOUNTS}
      rows={accounts}
      keyOf={({ connector }) => connector}
      empty="No account has reported yet."
    />
  );
}

function exposureColumns(currency: string): readonly TableColumn<ExposureView>[] {
  return [
    { title: "asset", cell: ({ asset }) => asset },
    { title: "mode", cell: ({ mode }) => <ModeTag mode={mode} />, phone: "first" },
    { title: "quantity", cell: ({ quantity }) => grouped(quantity), isNumber: true },
    { title: "value", cell: (exposure) => valueOf(exposure, currency), isNumber: true },
    { title: "at", cell: ({ places }) => places.map(placeOf).join(", ") },
  ];
}

function valueOf({ value, isComplete }: ExposureView, currency: string): JSX.Element {
  if (value === null) return <Unavailable />;
  return (
    <>
      {isComplete ? "" : "at least "}
      <AmountIn amount={value} unit={currency} />
    </>
  );
}

function placeOf({ connector, symbol, quantity }: ExposurePlace): string {
  return `${connector} ${grouped(quantity)} ${symbol ?? "as a balance"}`;
}

interface ExposuresProps {
  readonly exposures: readonly ExposureView[];
  readonly currency: string;
}

function Exposures({ exposures, currency }: ExposuresProps): JSX.Element {
  return (
    <DataTable
      caption="exposure by asset"
      columns={exposureColumns(currency)}
      rows={exposures}
      keyOf={(exposure) => `${exposure.class} ${exposure.asset} ${exposure.mode}`}
      empty="No venue has said of which asset its instruments are."
    />
  );
}

interface QuotesProps {
  readonly quotes: readonly StreamedQuoteView[];
  readonly askedAt: number;
}

function Quotes({ quotes, askedAt }: QuotesProps): JSX.Element {
  const priced = (amount: string): JSX.Element => <Moving value={amount}>{money(amount)}</Moving>;
  const columns: readonly TableColumn<StreamedQuoteView>[] = [
    { title: "symbol", cell: ({ symbol }) => symbol },
    { title: "bid", cell: ({ bid }) => priced(bid), isNumber: true },
    { title: "ask", cell: ({ ask }) => priced(ask), isNumber: true },
    { title: "last", cell: ({ last }) => (last === null ? <Unavailable /> : priced(last)), isNumber: true },
    { title: "age", cell: ({ ageSeconds }) => <QuoteAge ms={ageSeconds * 1_000} askedAt={askedAt} />, isNumber: true },
    { title: "connector", cell: ({ connector }) => connector },
  ];
  return (
    <DataTable
      caption="streamed quotes"
      columns={columns}
      rows={quotes}
      keyOf={({ connector, symbol }) => `${connector}/${symbol}`}
      empty="No connector streams a quote now."
      hrefOf={({ symbol }) => hrefOf("research", symbol)}
    />
  );
}

/** A quote goes on to age after the desk was asked. */
function QuoteAge({ ms, askedAt }: { readonly ms: number; readonly askedAt: number }): JSX.Element {
  const { now } = usePage();
  return <span>{ageOf(ms + now.value - askedAt)}</span>;
}
