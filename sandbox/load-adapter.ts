/** Evaluates the adapter's bundle with a `require` that yields an allow list, and checks what it exports. */
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { type Capabilities, type ConnectorAdapter, NotSent, SDK_VERSION, VenueRejection } from "../src/domain/sdk.ts";
import { grantedNet } from "./granted-net.ts";
import {
  ALLOWED_BUILTINS,
  METHODS,
  type Method,
  REQUIRED_METHODS,
  type StartMessage,
} from "../src/protocol/messages.ts";
import { wsModule } from "./egress.ts";

export class AdapterShapeError extends Error {}

export interface Loaded {
  readonly adapter: ConnectorAdapter;
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  /** The SDK it says it was built for: `static readonly sdk = 1`; where it says nothing, this one. */
  readonly sdk: number;
}

/** @throws AdapterShapeError where an export or a method is missing; whatever the adapter's own top level throws. */
export function loadAdapter(start: StartMessage): Loaded {
  const exported = evaluate(start);
  const Adapter = unwrapped(exported);
  if (typeof Adapter !== "function")
    throw new AdapterShapeError("it has no default export that is a class: end it with `export default MyConnector;`");
  const adapter = new (Adapter as new () => ConnectorAdapter)();
  const has = (method: Method): boolean =>
    typeof (adapter as unknown as Record<string, unknown>)[method] === "function";
  const missing = REQUIRED_METHODS.filter((method) => !has(method));
  if (missing.length > 0) throw new AdapterShapeError(`method ${missing.join(", ")} is missing`);
  const { capabilities, sdk } = Adapter as { capabilities?: unknown; sdk?: unknown };
  return {
    sdk: typeof sdk === "number" ? Math.round(sdk) : SDK_VERSION,
    adapter,
    methods: METHODS.filter(has),
    capabilities: capabilitiesOf(capabilities),
  };
}

const FLAG = [true, false] as const;
/** What each capability may be. */
const CAPABILITIES: Readonly<Record<keyof Capabilities, readonly unknown[]>> = {
  exactDecimals: FLAG,
  clientIdDedupe: ["forever", "open-only", "none"],
  queryByClientId: FLAG,
  buyingPowerNetsOpenOrders: FLAG,
  reduceOnly: FLAG,
  simulatedTime: FLAG,
  mode: ["paper", "live"],
};

function capabilitiesOf(stated: unknown): Capabilities {
  if (typeof stated !== "object" || stated === null) return {};
  for (const [name, allowed] of Object.entries(CAPABILITIES)) {
    const value = (stated as Record<string, unknown>)[name];
    if (value === undefined || allowed.includes(value)) continue;
    const words = allowed.map((one) => JSON.stringify(one)).join(" or ");
    throw new AdapterShapeError(`static capabilities: ${name} is ${JSON.stringify(value)}; it may be ${words}`);
  }
  return JSON.parse(JSON.stringify(stated)) as Capabilities;
}

function evaluate(start: StartMessage): unknown {
  const module = { exports: {} as unknown };
  const run = compileFunction(start.code, ["exports", "require", "module"], { filename: start.filename });
  run(module.exports, sandboxRequire(start), module);
  return module.exports;
}

/** `{ default: { default: Class } }` is what mixed module systems make of a default export. */
function unwrapped(exported: unknown): unknown {
  let value = exported;
  for (let depth = 0; depth < 2; depth++) {
    if (typeof value === "object" && value !== null && "default" in value) value = value.default;
  }
  return value;
}

function sandboxRequire(start: StartMessage): (name: string) => unknown {
  // A worker started from text has no file of its own; any absolute path serves for built-ins.
  const real = createRequire("/sandbox.cjs");
  const allowed = new Set<string>(ALLOWED_BUILTINS);
  return (name) => {
    const bare = name.replace(/^node:/, "");
    if (bare === "@qoc-app/sdk") return { VenueRejection, NotSent, SDK_VERSION };
    if (bare === "ws") return wsModule(start.hosts);
    if (bare === "net" && start.tcp.length > 0) return grantedNet(start.tcp);
    // Engine and FIPS switches are the whole process's.
    if (bare === "crypto") return { ...(real("node:crypto") as object), setEngine: undefined, setFips: undefined };
    if (allowed.has(bare)) return real(`node:${bare}`) as unknown;
    throw Object.assign(new Error(`${name} is not available inside a connector`), { code: "MODULE_NOT_FOUND" });
  };
}
