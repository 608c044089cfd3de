/** Icons of the navigation: strokes on a 20 by 20 grid. Each has a word beside it. */
import type { JSX } from "preact";

const PATHS: Readonly<Record<string, string>> = {
  "": "M3 9.5 10 3l7 6.5V17h-4.5v-4.5h-5V17H3z",
  review: "M3.5 10.5 8 15l8.5-9.5",
  orders: "M3 5h14M3 10h14M3 15h9",
  positions: "M3.5 16.5v-6M8 16.5V6M12.5 16.5v-8M17 16.5V3.5",
  equity: "M3 14.5 7.5 9l3.5 3 6-7.5M12.5 4.5H17V9",
  fills: "M4 6h10l-3-3M16 14H6l3 3",
  inbox: "M3 11.5 5.5 4h9L17 11.5V16H3zM3 11.5h4l1.5 2h3l1.5-2h4",
  issues: "M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M10 7v3.5M10 13v.2",
  research: "M5 3h7l3.5 3.5V17H5zM8 9h4.5M8 12.5h4.5",
  connectors: "M7 3v4M13 3v4M5 7h10v3a5 5 0 0 1-10 0zM10 15v2.5",
  agents: "M5 8h10v8H5zM10 8V4.5M8 12v.5M12 12v.5",
  logs: "M4 5l3.5 4L4 13M9.5 15H16",
  record: "M10 3.5 16 6v4.5c0 3-2.5 5-6 6.5-3.5-1.5-6-3.5-6-6.5V6z",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  more: "M4.5 10v.2M10 10v.2M15.5 10v.2",
};

export function Icon({ name }: { readonly name: string }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? ""} />
    </svg>
  );
}
