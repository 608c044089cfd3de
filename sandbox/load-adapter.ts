/** Evaluates the adapter's bundle with a `require` that has an allow list, and checks what the adapter exports. */
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { type Capabilities, type ConnectorAdapter, SDK_VERSION } from "../src/domain/sdk.ts";
import { ALLOWED_BUILTINS, METHOD_NAMES } from "../src/protocol/limits.ts";
import { DATA_METHODS, METHODS, type Method, REQUIRED_METHODS, type StartMessage } from "../src/protocol/messages.ts";
import { sdkValues } from "./sdk-values.ts";

/** The modules of the sandbox that replace the runtime's. */
export interface NetworkModules {
  readonly ws: unknown;
  /** Undefined without a `grant`. */
  readonly net: unknown;
}

/** The adapter's file loads but does not export a usable adapter class. */
export class AdapterShapeError extends Error {}

export interface Loaded {
  readonly adapter: ConnectorAdapter;
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  /** The SDK version of the adapter (`static readonly sdk = 1`); this SDK's version if the adapter has none. */
  readonly sdk: number;
  readonly otherMethods: readonly string[];
  readonly notStatic: readonly ("capabilities" | "sdk")[];
}

/** @throws AdapterShapeError if an export or a method is missing; and whatever the adapter's top-level code throws. */
export function loadAdapter(start: StartMessage, network: NetworkModules): Loaded {
  const Adapter = defaultExportOf(evaluateBundle(start, network));
  if (typeof Adapter !== "function")
    throw new AdapterShapeError(
      "it has no default export that is a class: end the file with `export default MyConnector;`",
    );
  const adapter = new (Adapter as new () => ConnectorAdapter)();
  const has = (method: Method): boolean =>
    typeof (adapter as unknown as Record<string, unknown>)[method] === "function";
  const required = start.dataOnly === true ? DATA_METHODS : REQUIRED_METHODS;
  const missing = required.filter((method) => !has(method));
  if (missing.length > 0) {
    const whose = start.dataOnly === true ? "a connector with orders = false" : "every adapter";
    const isOfOrders = missing.every((method) => !(DATA_METHODS as readonly Method[]).includes(method));
    const hint = isOfOrders ? "; a connector that only brings data has orders = false in desk.toml" : "";
    throw new AdapterShapeError(
      `method ${missing.join(", ")} is missing: ${whose} has the ${required.length} methods of ConnectorAdapter${hint}`,
    );
  }
  const { capabilities, sdk } = Adapter as { capabilities?: unknown; sdk?: unknown };
  return {
    sdk: typeof sdk === "number" ? Math.round(sdk) : SDK_VERSION,
    adapter,
    methods: METHODS.filter(has),
    capabilities: requireAccount(parseCapabilities(capabilities), has("getAccount")),
    otherMethods: otherMethodsOf(adapter),
    notStatic: STATIC_NAMES.filter((name) => Object.hasOwn(adapter, name) && !(name in Adapter)),
  };
}

const STATIC_NAMES = ["capabilities", "sdk"] as const;

/** Names of functions of the adapter and its classes that the SDK does not have. */
function otherMethodsOf(adapter: object): readonly string[] {
  const names = new Set<string>();
  let holder: object | null = adapter;
  while (holder !== null && holder !== Object.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder)))
      if (typeof value === "function" && name !== "constructor" && !METHODS.includes(name as Method)) names.add(name);
    holder = Object.getPrototypeOf(holder) as object | null;
  }
  return [...names].filter((name) => name.length <= METHOD_NAMES.chars).slice(0, METHOD_NAMES.count);
}

function requireAccount(capabilities: Capabilities, hasAccount: boolean): Capabilities {
  if (capabilities.marginAccount === true && !hasAccount)
    throw new AdapterShapeError("static capabilities: marginAccount needs getAccount, because buying power is no NAV");
  return capabilities;
}

const BOOLEANS = [true, false] as const;
const CAPABILITY_VALUES: Readonly<
  Record<Exclude<keyof Capabilities, "pollSeconds" | "fillsReachBackMs">, readonly unknown[]>
> = {
  exactDecimals: BOOLEANS,
  clientIdDedupe: ["forever", "open-only", "none"],
  queryByClientId: BOOLEANS,
  buyingPowerNetsOpenOrders: BOOLEANS,
  reduceOnly: BOOLEANS,
  simulatedTime: BOOLEANS,
  mode: ["paper", "live"],
  reports: ["pushed", "polled"],
  marginAccount: BOOLEANS,
};
const POLL_SECONDS_MAX = 3_600;

function parseCapabilities(declared: unknown): Capabilities {
  if (typeof declared !== "object" || declared === null) return {};
  for (const [name, allowed] of Object.entries(CAPABILITY_VALUES)) {
    const value = (declared as Record<string, unknown>)[name];
    if (value === undefined || allowed.includes(value)) continue;
    const choices = allowed.map((choice) => JSON.stringify(choice)).join(" or ");
    throw new AdapterShapeError(`static capabilities: ${name} is ${JSON.stringify(value)}; it must be ${choices}`);
  }
  const { pollSeconds, fillsReachBackMs } = declared as Readonly<Record<string, unknown>>;
  if (fillsReachBackMs !== undefined && !(typeof fillsReachBackMs === "number" && fillsReachBackMs > 0))
    throw new AdapterShapeError(
      `static capabilities: fillsReachBackMs is ${JSON.stringify(fillsReachBackMs)}; it must be a number above 0`,
    );
  const isSeconds = typeof pollSeconds === "number" && pollSeconds >= 1 && pollSeconds <= POLL_SECONDS_MAX;
  if (pollSeconds !== undefined && !isSeconds)
    throw new AdapterShapeError(
      `static capabilities: pollSeconds is ${JSON.stringify(pollSeconds)}; it must be a number from 1 to ${POLL_SECONDS_MAX}`,
    );
  return JSON.parse(JSON.stringify(declared)) as Capabilities;
}

function evaluateBundle(start: StartMessage, network: NetworkModules): unknown {
  const module = { exports: {} as unknown };
  const run = compileFunction(start.code, ["exports", "require", "module"], { filename: start.filename });
  run(module.exports, sandboxRequire(network), module);
  return module.exports;
}

/** Mixed module systems can nest a default export: `{ default: { default: Class } }`. */
function defaultExportOf(exported: unknown): unknown {
  let value = exported;
  for (let depth = 0; depth < 2; depth++) {
    if (typeof value === "object" && value !== null && "default" in value) value = value.default;
  }
  return value;
}

interface CryptoModule {
  readonly randomFillSync: (list: Uint8Array, ...range: unknown[]) => unknown;
}

/**
 * Engine and FIPS settings apply to the whole process. A thread of the pool would write random bytes to where the
 * memory of the list was at the call, also after it moved.
 */
function cryptoModule(real: CryptoModule): object {
  const { randomFillSync } = real;
  const { nextTick } = process;
  const randomFill = (list: Uint8Array, ...rest: unknown[]): void => {
    const done = rest.pop() as (error: null, list: Uint8Array) => void;
    if (typeof done !== "function") throw new TypeError("randomFill needs a callback as its last argument");
    randomFillSync(list, ...rest);
    nextTick(done, null, list);
  };
  return { ...real, setEngine: undefined, setFips: undefined, randomFill };
}

function sandboxRequire({ ws, net }: NetworkModules): (name: string) => unknown {
  // A worker that is started from text has no file; any absolute path works for built-ins.
  const require = createRequire("/sandbox.cjs");
  const allowed = new Set<string>(ALLOWED_BUILTINS);
  return (name) => {
    const builtin = name.replace(/^node:/, "");
    if (builtin === "@qoc-app/sdk") return sdkValues();
    if (builtin === "ws") return ws;
    if (builtin === "net" && net !== undefined) return net;
    if (builtin === "crypto") return cryptoModule(require("node:crypto") as CryptoModule);
    if (allowed.has(builtin)) return require(`node:${builtin}`) as unknown;
    throw Object.assign(new Error(`${name} is not available inside a connector`), { code: "MODULE_NOT_FOUND" });
  };
}
