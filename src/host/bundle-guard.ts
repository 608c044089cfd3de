/** A guard's TypeScript as one text, by the connectors' bundler, and what is wrong with it in words about a guard. */
import type { CustomGuard } from "../domain/guard-config.ts";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { bundleAdapter } from "./bundle.ts";

export type GuardBundle = { readonly code: string } | { readonly problem: string };

/** A guard has no built-in and no socket: it is pure. Never rejects; the problem names file and line. */
export async function bundleGuard({ key, adapter }: CustomGuard, disk: Disk): Promise<GuardBundle> {
  try {
    const { code } = await bundleAdapter({ connector: key, adapter, disk, allowed: [], tcp: false });
    return { code };
  } catch (error) {
    return { problem: problemOf(error, adapter) };
  }
}

function problemOf(error: unknown, adapter: string): string {
  if (!(error instanceof QocError)) return `${adapter}: ${error instanceof Error ? error.message : String(error)}`;
  if (error.code === "ADAPTER_MISSING") return `${adapter} does not exist: create it, or correct adapter in desk.toml`;
  const { file, line, column, message } = error.details;
  return `${String(file)}:${String(line)}:${String(column)}: ${String(message).replace("inside a connector", "inside a guard")}`;
}
