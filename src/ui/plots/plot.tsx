/** A plot over time, drawn by uPlot: with a sentence for those who cannot see it, and a cursor that keys move. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { grouped } from "../amounts.ts";
import { usePage } from "../page-context.ts";
import { dayOf, tickOf } from "../times.ts";
import { lossRange } from "./plot-ranges.ts";

export interface PlotSeries {
  readonly name: string;
  /** null: no value at this time. */
  readonly values: readonly (number | null)[];
  /** The name of a colour of the style sheet. */
  readonly color: string;
  /**
   * `area`: filled, below zero on an axis of its own, at the bottom. `marks`: without a line. `rug`: marks along the
   * bottom, of which only the times count.
   */
  readonly kind?: "line" | "area" | "marks" | "rug";
  readonly format: (value: number) => string;
  /** What the reading says at an index, instead of the name and the value. */
  readonly said?: (index: number) => string;
}

interface PlotProps {
  /** What the plot says, in one sentence with its numbers. */
  readonly sentence: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly PlotSeries[];
  readonly height?: number;
}

export function Plot({ sentence, times, series, height = 280 }: PlotProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [at, setAt] = useState<number | undefined>();
  /** The time of the chosen point: a plot that is drawn again has other points, and keeps the chosen one. */
  const chosen = useRef<number | undefined>(undefined);
  const choose = (index: number | undefined): void => {
    chosen.current = index === undefined ? undefined : times[index];
    setAt(index);
  };
  const { theme } = usePage().preferences;
  const look = theme.value;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = new uPlot(
      optionsOf(element, { series, height, onCursor: choose, onReady: (ready) => showTime(ready, chosen.current) }),
      dataOf(times, series),
      element,
    );
    plot.current = drawn;
    setAt(indexOf(times, chosen.current));
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, [times, series, height, look]);
  const step = (event: KeyboardEvent): void => {
    const by = KEY_STEPS[event.key];
    if (by === undefined || times.length === 0) return;
    event.preventDefault();
    const next = Math.min(Math.max((at ?? times.length - 1) + by, 0), times.length - 1);
    choose(next);
    if (plot.current !== undefined) showTime(plot.current, chosen.current);
  };
  return (
    <div class="plot">
      <div ref={place} role="img" aria-label={sentence} tabIndex={0} onKeyDown={step} class="uplot-place" />
      <p class="reading-of-plot small" role="status">
        {at === undefined ? sentence : readingAt(times, series, at)}
      </p>
    </div>
  );
}

/** Draws the cursor at a time, without an event. */
function showTime(plot: uPlot, time: number | undefined): void {
  if (time !== undefined) plot.setCursor({ left: plot.valToPos(time, "x"), top: plot.height / 2 }, false);
}

/** The last point that is not after a time. */
function indexOf(times: readonly number[], time: number | undefined): number | undefined {
  if (time === undefined) return undefined;
  const index = times.findLastIndex((each) => each <= time);
  return index === -1 ? undefined : index;
}

const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -20,
  PageDown: 20,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

function readingAt(times: readonly number[], series: readonly PlotSeries[], index: number): string {
  const values = series.flatMap(({ name, values: all, format, said }) => {
    const value = all[index] ?? null;
    return value === null ? [] : [said?.(index) ?? `${name} ${format(value)}`];
  });
  return [dayOf((times[index] ?? 0) * 1_000), ...values].join(" · ");
}

function dataOf(times: readonly number[], series: readonly PlotSeries[]): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

/** uPlot's default axis is too narrow for seven digits: it is as wide as its longest label. */
function axisSize(values: readonly string[] | null): number {
  const longest = Math.max(0, ...(values ?? []).map(({ length }) => length));
  return 16 + longest * 7;
}

interface DrawnOptions {
  readonly series: readonly PlotSeries[];
  readonly height: number;
  /** The pointer moved to a point, or left the plot. */
  readonly onCursor: (index: number | undefined) => void;
  readonly onReady: (plot: uPlot) => void;
}

/** From one tick of the time to the next: a label such as "04:53:30" or "Sept 2019" fits. */
const TICK_PX = 80;

/** uPlot's `status` of a plot whose first drawing has ended. */
const READY = 1;

function optionsOf(element: HTMLElement, { series, height, onCursor, onReady }: DrawnOptions): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: color("dim"), grid: { stroke: color("hair"), width: 1 }, ticks: { stroke: color("hair") } };
  const hasArea = series.some(({ kind }) => kind === "area");
  return {
    width: Math.max(element.clientWidth, 200),
    height,
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: true, y: false } },
    scales: {
      x: { time: true },
      y: { range: hasArea ? rangeAboveArea : padded },
      area: { range: areaRange },
      rug: { range: [0, 1] },
    },
    axes: [
      {
        ...axis,
        space: TICK_PX,
        values: (_plot, ticks, _axis, _space, step) => unrepeated(ticks.map((tick) => tickOf(tick * 1_000, step))),
      },
      {
        ...axis,
        size: (_plot, values) => axisSize(values),
        values: (_plot, ticks, _axis, _space, step) => ticks.map((tick) => grouped(tick.toFixed(digitsOf(step)))),
      },
    ],
    series: [{}, ...series.map((each) => seriesOptions(each, color))],
    hooks: {
      // The first drawing moves no cursor.
      setCursor: [(plot) => void (plot.status === READY && onCursor(plot.cursor.idx ?? undefined))],
      ready: [onReady],
    },
  };
}

/** As many digits after the point as tell the ticks of an axis apart. */
function digitsOf(step: number): number {
  return Math.min(8, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

/** Of equal labels that follow each other the first one: a step below a second gives several. */
function unrepeated(labels: readonly string[]): string[] {
  return labels.map((label, index) => (label === labels[index - 1] ? "" : label));
}

type Limits = readonly [min: number | null, max: number | null];

/** The lines with some space around them. */
function padded(_plot: uPlot, ...[min, max]: Limits): uPlot.Range.MinMax {
  const [low, high] = [min ?? 0, max ?? 1];
  const space = 0.08 * (high - low || Math.abs(high) || 1);
  return [low - space, high + space];
}

/** The lines stay above the band of losses. */
function rangeAboveArea(plot: uPlot, ...limits: Limits): uPlot.Range.MinMax {
  const [low, high] = padded(plot, ...limits) as [number, number];
  return [low - 0.35 * (high - low), high];
}

function areaRange(_plot: uPlot, ...[min]: Limits): uPlot.Range.MinMax {
  return lossRange(Math.min(min ?? 0, -0.0001));
}

function seriesOptions({ name, kind, color: key }: PlotSeries, color: (name: string) => string): uPlot.Series {
  const stroke = color(key);
  const base = { label: name, stroke, scale: kind === "area" ? "area" : "y" };
  if (kind === "rug")
    return { ...base, scale: "rug", paths: () => null, points: { show: true, size: 4, fill: stroke, stroke } };
  if (kind === "marks") return { ...base, paths: () => null, points: { show: true, size: 8, fill: stroke, stroke } };
  if (kind === "area") return { ...base, width: 1, fill: color("lossfill"), points: { show: false } };
  return { ...base, width: 1.75, points: { show: false } };
}
