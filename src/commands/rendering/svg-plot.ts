/** A series of values as a picture of its own: no script, no style sheet, nothing from elsewhere. */
import { escapeXml } from "../../lib/xml.ts";
import type { PlotPoint } from "./plot.ts";

const WIDTH = 800;
const HEIGHT = 320;
const MARGIN = { left: 90, right: 20, top: 40, bottom: 40 };

/** `title` and the labels are the desk's own words: dates, numbers and codes of currencies. */
export function svgPlot(title: string, points: readonly PlotPoint[]): readonly string[] {
  const low = points.reduce((least, { value }) => Math.min(least, value), Infinity);
  const high = points.reduce((most, { value }) => Math.max(most, value), -Infinity);
  const [inner, tall] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  const x = (i: number): string => (MARGIN.left + (inner * i) / Math.max(1, points.length - 1)).toFixed(1);
  const y = (value: number): string =>
    (MARGIN.top + tall * (high === low ? 0.5 : (high - value) / (high - low))).toFixed(1);
  const line = points.map(({ value }, i) => `${x(i)},${y(value)}`).join(" ");
  const bottom = HEIGHT - MARGIN.bottom;
  const text = (at: string, anchor: string, words: string): string =>
    `  <text ${at} text-anchor="${anchor}" font-family="sans-serif" font-size="12">${escapeXml(words)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `  <title>${escapeXml(title)}</title>`,
    `  <rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(`x="${MARGIN.left}" y="24"`, "start", title),
    text(`x="${MARGIN.left - 8}" y="${MARGIN.top + 4}"`, "end", high.toFixed(2)),
    text(`x="${MARGIN.left - 8}" y="${bottom + 4}"`, "end", low.toFixed(2)),
    text(`x="${MARGIN.left}" y="${HEIGHT - 14}"`, "start", points[0]?.label ?? ""),
    text(`x="${WIDTH - MARGIN.right}" y="${HEIGHT - 14}"`, "end", points.at(-1)?.label ?? ""),
    `  <path d="M${MARGIN.left} ${MARGIN.top}V${bottom}H${WIDTH - MARGIN.right}" fill="none" stroke="#999"/>`,
    `  <polyline points="${line}" fill="none" stroke="#06c" stroke-width="1.5"/>`,
    "</svg>",
  ];
}
