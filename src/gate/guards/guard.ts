/** The shape of a built-in guard: options of `desk.toml` and the context in, one row of the verdict out. */
import type { GuardKey, GuardOptions } from "../../domain/guard-config.ts";
import type { Check } from "../../domain/verdict.ts";
import type { CheckContext } from "../check-context.ts";

/** Pure and synchronous. It may throw: the gate turns that into a block. */
export type Guard<K extends GuardKey> = (options: GuardOptions<K>, context: CheckContext) => Check;
