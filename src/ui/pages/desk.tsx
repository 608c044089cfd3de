/** The first page: what waits, how the desk is, and what it has. */
import type { JSX } from "preact";
import { type StatusView, isStoppedByReadOnly } from "../../domain/status-view.ts";
import { compareAmounts, grouped } from "../amounts.ts";
import { useReading } from "../page-context.ts";
import { CancelAll } from "../orders/cancel-all.tsx";
import { InFlightList } from "../orders/in-flight.tsx";
import { AmountIn, Card, Figure } from "../parts/card.tsx";
import { HeldList, type HeldRows, useHeld, useHeldRows } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Change, ConnectorMark, ModeTag, StateMark, Unavailable } from "../parts/marks.tsx";
import { Age, Empty, SaidLine, Shown, Time } from "../parts/texts.tsx";
import { TradingChange } from "../parts/trading-change.tsx";
import { hrefOf } from "../router.ts";
import { STATUS, troublesOf } from "../status.ts";
import { DecisionsCard } from "./decision-lines.tsx";

export function DeskPage(): JSX.Element {
  const reading = useReading<StatusView>(STATUS);
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Desk</Heading>
      <Shown reading={reading} what="the desk">
        {(status) => (
          <>
            <Figures status={status} />
            <div class="columns">
              <div>
                <WaitingCard status={status} />
                <OrdersCard status={status} />
                <PositionsCard status={status} />
              </div>
              <div>
                <ConnectorsCard status={status} />
                <RunsCard status={status} />
                <DecisionsCard title="Last decisions" limit={5} link={<a href={hrefOf("record")}>all</a>} />
              </div>
            </div>
          </>
        )}
      </Shown>
    </>
  );
}

function Figures({ status }: { readonly status: StatusView }): JSX.Element {
  const { nav, dayPnl, cash, buyingPower, currency, asOf, accounts } = status.book;
  const money = (value: string | null): JSX.Element =>
    value === null ? <Unavailable /> : <AmountIn amount={value} unit={currency} />;
  return (
    <dl class="figures">
      <Figure
        name="NAV"
        note={
          asOf === null ? (
            "no account has reported yet"
          ) : (
            <>
              reported <Time at={asOf} age />
              {accounts.some(({ isStale }) => isStale) ? <span class="tone-warn"> ! old</span> : null}
            </>
          )
        }
      >
        {money(nav)}
      </Figure>
      <Figure name="today" note="without deposits and withdrawals">
        <Change amount={dayPnl} unit={currency} />
      </Figure>
      <Figure name="cash">{money(cash)}</Figure>
      <Figure name="buying power" note="the sum of all accounts">
        {money(buyingPower)}
      </Figure>
      <Figure
        name="trading"
        note={
          <>
            {status.trading.reason} <TradingChange trading={status.trading} />
          </>
        }
      >
        <StateMark state={isStoppedByReadOnly(status) ? "read-only" : status.trading.state} />
      </Figure>
      <Figure name="inbox" note={<a href={hrefOf("inbox")}>open</a>}>
        {status.inbox.new} new
      </Figure>
    </dl>
  );
}

const SHOWN_MAX = 3;

function WaitingCard({ status }: { readonly status: StatusView }): JSX.Element {
  const { proposals } = status;
  const troubles = troublesOf(status);
  return (
    <Card
      class="waiting"
      title={
        proposals.length === 0
          ? "Nothing waits for you"
          : `${proposals.length} ${proposals.length === 1 ? "waits" : "wait"} for you`
      }
      aside={proposals.length > SHOWN_MAX ? <a href={hrefOf("review")}>all {proposals.length}</a> : undefined}
    >
      <HeldList
        class="plain proposals"
        rows={proposals.slice(0, SHOWN_MAX)}
        keyOf={({ path }) => path}
        empty={
          troubles.length === 0 ? (
            <Empty>
              Every connector is ready, and the folder was read at <Time at={status.at} />.
            </Empty>
          ) : (
            <Empty>But {troubles.join(", ")}.</Empty>
          )
        }
      >
        {(proposal) =>
          proposal.needs === "approval" ? (
            <a class="proposal" href={hrefOf("review", proposal.id)}>
              <strong>{proposal.sentence}</strong>
              <span class="small">
                {proposal.id}{" "}
                {proposal.decision === "block" ? (
                  <span class="tone-bad">✗ {proposal.reason ?? "a guard blocks it"}</span>
                ) : (
                  <span class="tone-good">✓ guards pass</span>
                )}
                {proposal.checkedAt === null ? "" : ", checked "}
                {proposal.checkedAt === null ? null : <Time at={proposal.checkedAt} />}
              </span>
            </a>
          ) : (
            <div class="proposal">
              <strong>{proposal.path}</strong>
              <span class="small tone-warn">! needs {proposal.needs.replaceAll("-", " ")}</span>
              {proposal.untrusted === null ? null : <SaidLine text={proposal.untrusted.text} />}
            </div>
          )
        }
      </HeldList>
    </Card>
  );
}

function OrdersCard({ status }: { readonly status: StatusView }): JSX.Element | null {
  // Its first order, and the end of its last one, move the cards below.
  const isShown = useHeld(status.orders.length + status.externalOrders.length > 0);
  if (!isShown) return null;
  return (
    <Card title="Orders in flight" aside={<a href={hrefOf("orders")}>all orders</a>}>
      <InFlightList orders={status.orders} />
      <ul class="plain">
        {status.externalOrders.map((order, index) => (
          <li key={`external-${index}`}>
            <span class="tone-warn">! not of this desk:</span> {order.side} {order.quantity} {order.symbol} at{" "}
            {order.connector}
            {order.limitPrice === null ? "" : `, limit ${order.limitPrice}`}
            {order.unreadable === null ? null : <SaidLine text={`its state is not known: ${order.unreadable.text}`} />}
          </li>
        ))}
      </ul>
      <CancelAll ids={status.orders.map(({ id }) => id)} />
    </Card>
  );
}

function PositionsCard({ status }: { readonly status: StatusView }): JSX.Element {
  const open = status.book.positions
    .filter(({ quantity, standing }) => standing === "enabled" && /[1-9]/.test(quantity))
    .toSorted((a, b) => compareAmounts((b.value ?? "0").replace("-", ""), (a.value ?? "0").replace("-", "")));
  const { rows, isGone, note, area } = useHeldRows({ rows: open.slice(0, 8), keyOf: keyOfPosition });
  return (
    <Card title="Positions" aside={<a href={hrefOf("positions")}>all</a>}>
      <div class="held" {...area}>
        {note}
        {rows.length === 0 ? <Empty>No open position.</Empty> : <PositionTable rows={rows} isGone={isGone} />}
      </div>
    </Card>
  );
}

type Position = StatusView["book"]["positions"][number];

function keyOfPosition({ connector, symbol }: Position): string {
  return `${connector}/${symbol}`;
}

function PositionTable({ rows, isGone }: Pick<HeldRows<Position>, "rows" | "isGone">): JSX.Element {
  return (
    <table class="book">
      <thead>
        <tr>
          <th scope="col">symbol</th>
          <th scope="col" class="n">
            quantity
          </th>
          <th scope="col" class="n">
            value
          </th>
          <th scope="col" class="n">
            unrealized
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOfPosition(row)} class={isGone(row) ? "gone" : undefined}>
            <th scope="row">
              {row.symbol} <span class="dim small">{row.connector}</span>
            </th>
            <td class="n">{grouped(row.quantity)}</td>
            <td class="n">
              {row.value === null ? <Unavailable /> : <AmountIn amount={row.value} unit={row.currency ?? ""} />}
            </td>
            <td class="n">
              <Change amount={row.unrealizedPnl} unit={row.currency ?? ""} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ConnectorsCard({ status }: { readonly status: StatusView }): JSX.Element {
  return (
    <Card title="Connectors" aside={<a href={hrefOf("connectors")}>details</a>}>
      {status.connectors.length === 0 ? (
        <Empty>No connector in desk.toml. “details” has the lines to write.</Empty>
      ) : null}
      <ul class="plain">
        {status.connectors.map(({ name, state, comparisonFails, mode, venueDate, latencyMs, untrusted }) => (
          <li key={name} class="connector">
            <strong>{name}</strong> <ModeTag mode={mode} /> <ConnectorMark {...{ state, comparisonFails }} />
            <span class="dim small">
              {latencyMs === null ? "" : `p50 ${latencyMs.p50.toFixed(1)} ms`}
              {venueDate === null ? "" : `, replays ${venueDate}`}
            </span>
            {untrusted === null ? null : <SaidLine text={untrusted.text} />}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function RunsCard({ status }: { readonly status: StatusView }): JSX.Element {
  const { runs, lastRun } = status;
  return (
    <Card title="Agents" aside={<a href={hrefOf("agents")}>runs</a>}>
      {runs.unconfined ? <p class="tone-warn">! The agent program runs without a sandbox.</p> : null}
      <HeldList
        rows={runs.running}
        keyOf={({ run }) => run}
        empty={
          lastRun === null ? (
            <Empty>
              No run yet. <a href={hrefOf("issues")}>Hand an issue to an agent.</a>
            </Empty>
          ) : (
            <p>
              Last: {lastRun.issue}, {lastRun.outcome} <Time at={lastRun.at} age />
            </p>
          )
        }
      >
        {({ run, issue, since }) => (
          <>
            <a href={hrefOf("agents", run)}>{issue}</a> since <Time at={since} age />
          </>
        )}
      </HeldList>
    </Card>
  );
}
