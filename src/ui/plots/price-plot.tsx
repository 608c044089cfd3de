/** The prices of an instrument with moving averages, and what the desk computes of them. */
import type { Untrusted } from "../../domain/untrusted.ts";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { counted, grouped, money } from "../amounts.ts";
import type { Reading } from "../desk-data.ts";
import { useReading } from "../page-context.ts";
import { Card } from "../parts/card.tsx";
import { Unavailable } from "../parts/marks.tsx";
import { Age, Said, Shown } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";
import { dayOf } from "../times.ts";
import { DataBelow } from "./data-below.tsx";
import { Plot, type PlotSeries } from "./plot.tsx";

interface Bar {
  readonly time: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume?: string | undefined;
}
type Bars =
  | { readonly status: "ready"; readonly source: string; readonly resolution: string; readonly bars: readonly Bar[] }
  | { readonly status: string; readonly untrusted: Untrusted | null };

const BARS = 200;

export function PriceCard({ symbol }: { readonly symbol: string }): JSX.Element {
  const reading = useReading<Bars>({
    command: "bars get",
    input: { symbol, limit: BARS },
    topics: [],
    everyMs: 60_000,
  });
  const input = { symbol, indicators: "sma:20,sma:50,rsi:14,atr:14" };
  const indicators = useReading<Analysis>({ command: "analysis get", input, topics: [], everyMs: 60_000 });
  return (
    <Card
      title={`${symbol}, daily`}
      aside={
        <>
          <a href={hrefOf("orders", "", { symbol })}>its orders</a>{" "}
          <Age since={[reading.askedAt.value, indicators.askedAt.value]} />
        </>
      }
    >
      <Shown reading={reading} what={`the prices of ${symbol}`}>
        {(answer) =>
          "bars" in answer ? (
            <PricePlot symbol={symbol} source={answer.source} bars={answer.bars} />
          ) : (
            <>
              <p class="unavailable">No bars of {symbol}.</p>
              {answer.untrusted === null ? null : <Said words={answer.untrusted} label="the reason" />}
            </>
          )
        }
      </Shown>
      <Indicators reading={indicators} />
    </Card>
  );
}

interface PricePlotProps {
  readonly symbol: string;
  readonly source: string;
  readonly bars: readonly Bar[];
}

function PricePlot({ symbol, source, bars }: PricePlotProps): JSX.Element {
  const [times, series] = useMemo(() => seriesOf(bars), [bars]);
  const [first, last] = [bars[0], bars.at(-1)];
  const sentence =
    first === undefined || last === undefined
      ? `No price of ${symbol}`
      : `${symbol} closes at ${money(last.close)} on ${dayOf(last.time)}, ${counted(bars.length, "day")} since ${dayOf(first.time)}`;
  return (
    <>
      <Plot sentence={sentence} times={times} series={series} />
      <p class="legend small">
        {series.map(({ name, color }) => (
          <span key={name}>
            <i class={`swatch ${color}`} aria-hidden="true" /> {name}
          </span>
        ))}
        <span class="dim">from {source}; averages drawn by this page</span>
      </p>
      <DataBelow
        name={`${symbol} prices`}
        columns={["day", "open", "high", "low", "close", "volume"]}
        count={bars.length}
        rows={() =>
          bars
            .map((bar) => [bar.time.slice(0, 10), bar.open, bar.high, bar.low, bar.close, bar.volume ?? ""])
            .toReversed()
        }
      />
    </>
  );
}

function seriesOf(bars: readonly Bar[]): readonly [readonly number[], readonly PlotSeries[]] {
  const times = bars.map(({ time }) => Date.parse(time) / 1_000);
  const closes = bars.map(({ close }) => Number(close));
  const format = (value: number): string => grouped(value.toFixed(2));
  return [
    times,
    [
      { name: "close", values: closes, color: "fg", format },
      { name: "average of 20", values: average(closes, 20), color: "link", format },
      { name: "average of 50", values: average(closes, 50), color: "warn", format },
    ],
  ];
}

/** The mean of the last `count` values; null before there are so many. */
export function average(values: readonly number[], count: number): readonly (number | null)[] {
  let sum = 0;
  return values.map((value, index) => {
    sum += value - (values[index - count] ?? 0);
    return index + 1 < count ? null : sum / count;
  });
}

/** An indicator is no amount: two digits say enough. */
function indicatorText(value: string | undefined): JSX.Element {
  return value === undefined ? <Unavailable /> : <>{grouped(Number(value).toFixed(2))}</>;
}

interface Analysis {
  readonly indicators?: readonly {
    readonly name: string;
    readonly status: string;
    readonly about: string;
    readonly values?: readonly { readonly time: string; readonly value?: string }[];
  }[];
}

function Indicators({ reading }: { readonly reading: Reading<Analysis> }): JSX.Element {
  return (
    <Shown reading={reading} what="the indicators">
      {({ indicators = [] }) => (
        <dl class="facts">
          {indicators.map(({ name, about, values }) => (
            <div key={name}>
              <dt title={about}>{name}</dt>
              <dd>{indicatorText(values?.at(-1)?.value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Shown>
  );
}
