/** Bundles a custom guard with the bundler of connectors, and words its errors for guards. */
import type { CustomGuard } from "../domain/config/guard-config.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { type Bundle, bundleAdapter } from "./bundle.ts";

export type GuardBundle = Pick<Bundle, "code" | "digest"> | { readonly problem: string };

/** Guards are pure, so they may import no built-in module. Never rejects; the problem names file and line. */
export async function bundleGuard({ key, adapter }: CustomGuard, disk: Disk): Promise<GuardBundle> {
  try {
    const { code, digest } = await bundleAdapter({ connector: key, adapter, disk, allowed: [], tcp: false });
    return { code, digest };
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
