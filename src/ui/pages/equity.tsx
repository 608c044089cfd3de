/** The NAV over time, how far it is below its high, and the fills. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { grouped, money } from "../amounts.ts";
import { usePage, useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Choices } from "../parts/choices.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, ErrorNotice, Shown } from "../parts/texts.tsx";
import { DataBelow } from "../plots/data-below.tsx";
import { type EquityCurve, equityCurve } from "../plots/equity-curve.ts";
import { Plot } from "../plots/plot.tsx";
import { dayOf, fullTime } from "../times.ts";
import { useRowList } from "../row-list.ts";
import { useSending } from "../sending.ts";
import { FILLS } from "./fills.tsx";

const DAY_MS = 86_400_000;
const RANGES = { "1W": 7, "1M": 31, "3M": 92, "1Y": 366, "5Y": 1_827, all: 0 } as const;
/** An answer of so many points has less than 60 kB, and no screen has as many pixels. */
const POINTS = 1_000;
type Range = keyof typeof RANGES;

interface EquityAnswer {
  readonly currency: string;
  readonly total: number;
  readonly points: readonly (readonly [string, string])[];
}

export function EquityPage(): JSX.Element {
  const { browser } = usePage();
  const [range, setRange] = useState<Range>("all");
  const days = RANGES[range];
  const from = useMemo(() => new Date(browser.now() - days * DAY_MS).toISOString(), [browser, days]);
  const input = days === 0 ? { points: POINTS } : { points: POINTS, from };
  const reading = useReading<EquityAnswer>({ command: "snapshots nav", input, topics: ["equity"] });
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Equity</Heading>
      <Choices label="range" choices={Object.keys(RANGES) as Range[]} chosen={range} onChoose={setRange}>
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

function EquityCard({ answer }: { readonly answer: EquityAnswer }): JSX.Element {
  const fills = useRowList(FILLS).rows.value;
  const { points, currency } = answer;
  const curve = useMemo(() => equityCurve(points, fills ?? []), [points, fills]);
  const last = points.at(-1);
  if (points.length < 2 || last === undefined)
    return (
      <Empty>
        {last === undefined ? "No snapshot yet." : `NAV ${money(last[1])} ${currency} at ${fullTime(last[0])}.`}{" "}
        Snapshots make the curve: take one, or let a schedule do it.
      </Empty>
    );
  return (
    <Card title={`NAV in ${currency}`} aside={`${grouped(String(answer.total))} snapshots`}>
      <Plot sentence={sentenceOf(curve, points, currency)} times={curve.times} series={curve.series} height={340} />
      <p class="legend small">
        <span>
          <i class="swatch link" aria-hidden="true" /> NAV
        </span>
        <span>
          <i class="swatch loss" aria-hidden="true" /> below its high, deposits and withdrawals included
        </span>
        <span>
          <i class="swatch ok" aria-hidden="true" /> fills
        </span>
      </p>
      <DataBelow
        name="NAV"
        columns={["time", `NAV ${currency}`, "below its high"]}
        rows={points.map(([at, nav], index) => [at, nav, curve.below[index] ?? ""]).toReversed()}
      />
    </Card>
  );
}

function sentenceOf(curve: EquityCurve, points: EquityAnswer["points"], currency: string): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "";
  const parts = [
    `NAV ${money(last[1])} ${currency} on ${dayOf(last[0])}`,
    `low ${money(curve.low)}, high ${money(curve.high)} since ${dayOf(first[0])}`,
    `at worst ${curve.worst} below its high`,
  ];
  return parts.join("; ");
}
