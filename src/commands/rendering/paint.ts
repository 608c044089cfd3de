/** Colours for a terminal. A colour only repeats what the words or signs beside it say. */
import { styleText } from "node:util";

export type Shade = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta" | "inverse";
export type Paint = (shade: Shade, text: string) => string;

/** Returns a function that colours text if colours are on, and returns the text unchanged otherwise. */
export function painter(isOn: boolean): Paint {
  return (shade, text) => (isOn && text !== "" ? styleText(shade, text, { validateStream: false }) : text);
}
