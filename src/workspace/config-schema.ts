/** The schema of desk.toml with all defaults. The options of guards are in `domain/config/guard-config.ts`. */
import * as z from "zod";
import "../lib/schema-words.ts";
import { FIRST_ORDER_NOTIONAL } from "../domain/config/config-tables.ts";
import { decimal } from "../domain/decimal.ts";
import { decimalOption, isTimeZone } from "../domain/config/guard-config.ts";
import { PAGE_SCOPES } from "../domain/pages/page-session.ts";
import { accountSchema } from "./account-config.ts";
import { fxSchema } from "./fx-config.ts";
import { hostProblem } from "./host-name.ts";
import { scheduleLimitsSchema } from "./schedule-config.ts";
import { lazy } from "../lib/lazy.ts";

/** The source of a secret, never the secret itself. */
export type SecretRef = { readonly env: string } | { readonly file: string };

export const ENV_TEXT = /^\{?env:([A-Za-z_][A-Za-z0-9_]*)\}?$/;
export const SECRET_LITERAL = "secret given as plain text";
const NOT_AN_ENV_NAME = "is not the name of an environment variable";

/** `{ env = "X" }`, `{ file = "/run/secrets/x" }`, `"env:X"`, `"{env:X}"`. */
const secretRef = lazy(() =>
  z.union([
    z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, NOT_AN_ENV_NAME) }),
    z.strictObject({ file: z.string().startsWith("/", "must be an absolute path") }),
    z
      .string()
      .regex(ENV_TEXT, SECRET_LITERAL)
      .transform((text): SecretRef => ({ env: ENV_TEXT.exec(text)?.[1] ?? "" })),
  ]),
);

/**
 * An option whose name contains one of these words, whatever its case and separators, holds a secret: `apiKey`,
 * `API-SECRET`.
 * `docs/connectors.md` has the list.
 */
const SECRET_WORDS = ["key", "secret", "token", "passphrase", "password", "passwd", "credential"];
/** Words that contain one of them by chance. */
const HARMLESS_WORDS = ["keyboard", "keyword", "monkey", "tokenizer", "keepalive"];

/** Returns whether an option of this name holds a secret by its name. */
export function isSecretName(name: string): boolean {
  const word = HARMLESS_WORDS.reduce((rest, harmless) => rest.replaceAll(harmless, ""), name.toLowerCase());
  return SECRET_WORDS.some((secret) => word.includes(secret));
}

const timeZone = lazy(() => z.string().refine(isTimeZone, 'must be an IANA time zone such as "America/New_York"'));

const workspaceSchema = lazy(() =>
  z.strictObject({
    name: z.string().min(1).max(60).default("my-desk"),
    port: z.int().min(1).max(65_535).default(7070),
    log_level: z.enum(["error", "warn", "info", "debug", "trace"]).default("info"),
    log_dir: z.string().optional(),
    history_enabled: z.boolean().default(true),
    history_max_snapshots: z.int().positive().default(90),
    timezone: timeZone().default("America/New_York"),
  }),
);

const utaSchema = lazy(() => z.strictObject({ snapshot_interval: z.number().min(1).max(86_400).default(60) }));

const CONNECTOR_TYPES = [
  "paper",
  "custom",
  "replay",
  "alpaca",
  "ccxt",
  "ibkr",
  "cash",
  "equities",
  "options",
  "crypto",
  "futures",
] as const;

const hostName = lazy(() =>
  z.string().superRefine((host, context) => {
    const form = hostProblem(host);
    if (form !== undefined) context.addIssue({ code: "custom", message: form });
  }),
);

const connectorSchema = lazy(() =>
  z.strictObject({
    name: z.string(),
    type: z.enum(CONNECTOR_TYPES),
    enabled: z.boolean().default(true),
    adapter: z.string().min(1).optional(),
    mode: z.enum(["paper", "live"]).optional(),
    orders: z.boolean().default(true),
    /** For type = "paper": the connector on whose quotes it trades. */
    quotes: z.string().optional(),
    venues: z.array(z.string().min(1)).default([]),
    isolation: z.enum(["worker", "process"]).default("worker"),
    hosts: z.array(hostName()).optional(),
    grant: z
      .array(z.string().regex(/^tcp:(?:\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}$/, 'must be "tcp:host:port"'))
      .default([]),
    /** For `fetch` and WebSocket. */
    proxy: z
      .string()
      .regex(/^http:\/\/[^/\s]+\/?$/, 'must be "http://host:port"')
      .refine((text) => URL.canParse(text), "must be a valid address")
      .optional(),
    /** A PEM file. */
    ca: z.string().min(1).optional(),
    /** What an order at a connector that is not paper may be worth until one was filled, in the account's currency. */
    first_order_notional: decimalOption().default(decimal(FIRST_ORDER_NOTIONAL)),
    memory_mb: z.int().min(32).max(8_192).optional(),
    auth: z.record(z.string(), secretRef()).default({}),
    options: z.record(z.string(), z.unknown()).default({}),
  }),
);

/** The keys of `[[connector]]`. No option of an adapter has such a name. */
export const connectorKeys: () => readonly string[] = lazy(() => Object.keys(connectorSchema().shape));

export const AGENT_RUNTIMES = ["demo", "claude", "codex", "opencode", "gemini", "acp", "command"] as const;
const COMMAND_RUNTIMES: readonly string[] = ["acp", "command"];

const agentSchema = lazy(() =>
  z
    .strictObject({
      runtime: z.enum(AGENT_RUNTIMES).default("demo"),
      /** The program and its first arguments; by default the runtime's own program. */
      command: z.array(z.string().min(1)).min(1).optional(),
      model: z.string().min(1).max(200).optional(),
      max_turns: z.int().min(1).max(1_000).default(60),
      max_cost_usd: z.number().positive().max(1_000).default(5),
      timeout_minutes: z.number().positive().max(1_440).default(30),
      /**
       * Variables of the desk's environment that are passed to the agent's program, besides those that it always gets.
       */
      env: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, NOT_AN_ENV_NAME)).default([]),
      unconfined: z.boolean().default(false),
      /** Passed to every agent unchanged. */
      instructions: z.string().max(8_000).optional(),
    })
    .refine(({ runtime, command }) => command !== undefined || !COMMAND_RUNTIMES.includes(runtime), {
      path: ["command"],
      message: 'this runtime requires command = ["/path/of/program", "argument"]',
    })
    .refine(({ runtime, model }) => model === undefined || !COMMAND_RUNTIMES.includes(runtime), {
      path: ["model"],
      message: "this runtime has no model option; set the model in command or in the program's own configuration",
    }),
);

const PERIOD_UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const PERIOD_MAX_MS = 30 * 86_400_000;

/** `15m`, `2h` or `1d`, as milliseconds. */
const period = lazy(() =>
  z
    .string()
    .regex(/^[1-9]\d{0,3}[mhd]$/, 'must be a time such as "15m", "2h" or "1d"')
    .transform((text) => Number(text.slice(0, -1)) * (PERIOD_UNITS_MS[text.slice(-1)] ?? 0))
    .refine((ms) => ms <= PERIOD_MAX_MS, "must be 30d at most"),
);

/** A user name or password is refused: the URL appears in every file that names the source. */
function isFeedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
}

const newsSchema = lazy(() =>
  z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must have 1 to 40 characters of a-z, 0-9 and -"),
        url: z.string().max(2_000).refine(isFeedUrl, "must be an http or https address without a password"),
        every: period().prefault("15m"),
      }),
    )
    .max(100)
    .superRefine((feeds, context) => {
      for (const [index, { name }] of feeds.entries()) {
        if (feeds.findIndex((other) => other.name === name) === index) continue;
        context.addIssue({ code: "custom", path: [index, "name"], message: `duplicate name: ${name}` });
      }
    }),
);

/** `https://desk.tailnet.ts.net` or `http://localhost:8080`, as a browser writes it in `Origin`. */
function isPageOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, port, origin } = new URL(text);
  if (origin !== text || hostProblem(hostname) !== undefined) return false;
  return protocol === "https:" || (protocol === "http:" && hostname === "localhost" && port !== "");
}

const uiSchema = lazy(() =>
  z.strictObject({
    approve: z.enum(PAGE_SCOPES).default("paper"),
    origins: z
      .array(
        z
          .string()
          .max(300)
          .refine(isPageOrigin, 'must be "https://NAME" or "http://localhost:PORT", without a path or a last slash'),
      )
      .max(1, "one further origin at most")
      .default([]),
  }),
);

const injectedSettings = lazy(() => z.record(z.string(), z.unknown()));

export const deskSchema = lazy(() =>
  z.strictObject({
    format: z.int().default(1),
    workspace: workspaceSchema().prefault({}),
    account: accountSchema().prefault({}),
    uta: utaSchema().prefault({}),
    fx: fxSchema().prefault({}),
    connector: z.array(connectorSchema()).default([]),
    connectors: z.strictObject({ agent: z.array(z.string()).optional() }).prefault({}),
    guard: z.array(z.looseObject({ key: z.string() })).default([]),
    agent: agentSchema().prefault({}),
    news: newsSchema().default([]),
    /** Read by `readDeskSchedules`. */
    schedule: z.unknown().optional(),
    schedules: scheduleLimitsSchema().prefault({}),
    ui: uiSchema().prefault({}),
    risk: injectedSettings().default({}),
    context: z
      .strictObject({ files: z.array(z.string()).default([]), risk: injectedSettings().default({}) })
      .prefault({}),
  }),
);

/** Documented tables that are not implemented yet. They are reported as errors, not ignored. */
export const UNIMPLEMENTED_TABLES: readonly string[] = ["webhook", "notify", "data_hub", "tunnel", "ai", "tool"];
