/** The NAV over time, the drawdown of the time-weighted return, the fills, and what was paid in or out. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { EquityCurve } from "../../domain/account/equity-curve.ts";
import { counted, grouped, money } from "../amounts.ts";
import { usePage, useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Choices } from "../parts/choices.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, ErrorNotice, Notice, Shown } from "../parts/texts.tsx";
import { DataBelow } from "../plots/data-below.tsx";
import { type DrawnEquity, drawdownPercent, drawnEquity } from "../plots/equity-curve.ts";
import { Plot } from "../plots/plot.tsx";
import { go, route } from "../router.ts";
import { dayOf, fullTime } from "../times.ts";
import { useSending } from "../sending.ts";

const DAY_MS = 86_400_000;
const RANGES = { "1W": 7, "1M": 31, "3M": 92, "1Y": 366, "5Y": 1_827, all: 0 } as const;
/** An answer of so many points with fills has less than 60 kB, and few screens have more pixels to draw them. */
const POINTS = 800;
type Range = keyof typeof RANGES;

/** `#/equity?range=1M`; all of it without one. */
function rangeOf(query: URLSearchParams): Range {
  return (Object.keys(RANGES) as Range[]).find((range) => range === query.get("range")) ?? "all";
}

export function EquityPage(): JSX.Element {
  const { browser } = usePage();
  const range = rangeOf(route.value.query);
  const days = RANGES[range];
  const from = useMemo(() => new Date(browser.now() - days * DAY_MS).toISOString().slice(0, 10), [browser, days]);
  const input = days === 0 ? { points: POINTS } : { points: POINTS, from };
  const question = { command: "equity points", input, topics: ["equity"], everyMs: 60_000 };
  const reading = useReading<EquityCurve>(question);
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Equity</Heading>
      <Choices
        label="range"
        choices={Object.keys(RANGES) as Range[]}
        chosen={range}
        onChoose={(chosen) => go("equity", "", { range: chosen })}
      >
        <TakeSnapshot />
      </Choices>
      <Shown reading={reading} what="the equity">
        {(answer) => <EquityCard answer={answer} />}
      </Shown>
    </>
  );
}

function TakeSnapshot(): JSX.Element {
  const { client, data } = usePage();
  const { error, send } = useSending();
  const take = async (): Promise<void> => {
    await client.call("snapshot");
    data.take({ kind: "changed", topics: ["equity"] });
  };
  return (
    <>
      <Button onPress={() => void send(take)}>Take a snapshot</Button>
      {error === undefined ? null : <ErrorNotice error={error} />}
    </>
  );
}

function EquityCard({ answer }: { readonly answer: EquityCurve }): JSX.Element {
  const { points, currency, flows } = answer;
  const curve = useMemo(() => drawnEquity(answer), [answer]);
  const last = points.at(-1);
  if (points.length < 2 || last === undefined)
    return (
      <Empty>
        {last === undefined
          ? "No account was reported. "
          : `NAV ${money(last[1])} ${currency} at ${fullTime(last[0])}. `}
        Snapshots and the ends of days make the curve: take a snapshot, or let a schedule do it.
      </Empty>
    );
  return (
    <Card title={`NAV in ${currency}`} aside={counted(answer.total, "point")}>
      {answer.unconverted.length === 0 ? null : (
        <Notice tone="warn" title="Left out, because no exchange rate is known:">
          {answer.unconverted.join(", ")}
        </Notice>
      )}
      <EquityFigures answer={answer} />
      <Plot sentence={sentenceOf(curve, answer)} times={curve.times} series={curve.series} height={340} />
      <p class="legend small">
        <span>
          <i class="swatch link" aria-hidden="true" /> NAV
        </span>
        <span>
          <i class="swatch loss" aria-hidden="true" /> drawdown of the time-weighted return
        </span>
        <span>
          <i class="swatch ok" aria-hidden="true" /> fills, when the desk recorded them
        </span>
        {flows.length === 0 ? null : (
          <span>
            <i class="swatch warn" aria-hidden="true" /> paid in or out
          </span>
        )}
        <span class="dim">Times are the desk’s, also of a replayed market: when it recorded a value.</span>
        <span class="dim">Return and drawdown leave out what was paid in or out, as in qoc equity.</span>
      </p>
      <DataBelow
        name="NAV"
        columns={["time", `NAV ${currency}`, "drawdown"]}
        count={points.length}
        rows={() => points.map(([at, nav, drawdown]) => [at, nav, drawdownPercent(Number(drawdown))]).toReversed()}
      />
    </Card>
  );
}

function EquityFigures({ answer: { statistics } }: { readonly answer: EquityCurve }): JSX.Element {
  const { timeWeighted, drawdown } = statistics;
  return (
    <dl class="facts">
      <dt>return, time-weighted</dt>
      <dd>{timeWeighted === undefined ? "from the second point on" : signedPercent(timeWeighted)}</dd>
      <dt>worst drawdown</dt>
      <dd>
        {drawdown === undefined
          ? "none"
          : `${drawdownPercent(drawdown.depth)}, ${fullTime(drawdown.fromAt)} to ${fullTime(drawdown.toAt)}`}
      </dd>
    </dl>
  );
}

function signedPercent(fraction: number): string {
  return `${fraction > 0 ? "+" : ""}${grouped((100 * fraction).toFixed(2))} %`;
}

function sentenceOf({ low, high }: DrawnEquity, { points, currency, statistics }: EquityCurve): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "";
  const { drawdown } = statistics;
  const parts = [
    `NAV ${money(last[1])} ${currency} on ${dayOf(last[0])}`,
    `low ${money(low)}, high ${money(high)} since ${dayOf(first[0])}`,
    drawdown === undefined ? "no drawdown" : `worst drawdown ${drawdownPercent(drawdown.depth)}`,
  ];
  return parts.join("; ");
}
