/** What a connector may report, where the desk asks for it. */
import { QocError } from "../../domain/errors/error.ts";
import type { Desk } from "../desk.ts";

/** A connector over its budget is cut off. @throws FILL_FLOOD then, and what `work` throws. */
export async function withinBudget<T>(
  { venues }: { readonly venues: Pick<Desk["venues"], "cutOff"> },
  connector: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof QocError && error.code === "FILL_FLOOD") await venues.cutOff(connector, error.message);
    throw error;
  }
}
