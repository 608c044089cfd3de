/** The desk's status, which most parts of the page show something of. */
import { useEffect } from "preact/hooks";
import type { StatusView } from "../domain/status-view.ts";
import type { Question } from "./desk-data.ts";
import { type PageServices, usePage, useReading } from "./page-context.ts";

export const STATUS: Question = { command: "status", input: {}, topics: [""], everyMs: 15_000 };

export function useStatus(): StatusView | undefined {
  return useReading<StatusView>(STATUS).value.value;
}

/** Proposals that wait for an approval. */
export function waitingOf(status: StatusView | undefined): StatusView["proposals"] {
  return (status?.proposals ?? []).filter(({ needs }) => needs === "approval");
}

/** The strictest mode of the enabled connectors: one live connector makes the desk live. */
export function deskMode({ connectors }: StatusView): string {
  for (const mode of ["live", "unstated"]) if (connectors.some((connector) => connector.mode === mode)) return mode;
  return "paper";
}

/** Title and icon count what waits; a notification, if the human chose it, says only how many. */
export function useNotices(): void {
  const page = usePage();
  const waiting = waitingOf(useStatus()).length;
  useEffect(() => {
    document.title = waiting === 0 ? "Qoc" : `(${waiting}) Qoc`;
    setIcon(waiting);
    return notifyLater(page, waiting);
  }, [page, waiting]);
}

let iconOfNothing: string | undefined;

function setIcon(waiting: number): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link === null) return;
  iconOfNothing ??= link.href;
  link.href = waiting === 0 ? iconOfNothing : countIcon(waiting);
}

function countIcon(waiting: number): string {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [32, 32];
  const context = canvas.getContext("2d");
  if (context === null) return "";
  context.fillStyle = "#b3261e";
  context.beginPath();
  context.arc(16, 16, 16, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "#fff";
  context.font = "bold 20px system-ui, sans-serif";
  [context.textAlign, context.textBaseline] = ["center", "middle"];
  context.fillText(waiting > 9 ? "9+" : String(waiting), 16, 17);
  return canvas.toDataURL("image/png");
}

let lastWaiting = 0;

function notifyLater({ preferences, browser }: PageServices, waiting: number): (() => void) | undefined {
  const isMore = waiting > lastWaiting;
  lastWaiting = waiting;
  if (!isMore || preferences.notices.peek() !== "on" || document.visibilityState === "visible") return undefined;
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return undefined;
  const words = waiting === 1 ? "1 proposal waits" : `${waiting} proposals wait`;
  return browser.after(500, () => void new Notification("Qoc", { body: words, tag: "qoc.waiting" }));
}
