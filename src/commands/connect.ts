import * as z from "zod";
import { canonicalJson } from "../domain/canonical-json.ts";
import { digestTables, nameOf } from "../domain/config/config-tables.ts";
import { EXIT, QocError } from "../domain/errors/error.ts";
import { IdError, connectorName, suggestion } from "../domain/ids.ts";
import {
  BUILT_IN_TYPES,
  CONNECTOR_KINDS,
  type ConnectWords,
  WORD_FLAGS,
  isLiveOnly,
  isReviewedExchange,
} from "../workspace/built-in-types.ts";
import { hasEnvironments, hasOption, secretVariables, wordOptions } from "../workspace/connector-table.ts";
import { flag, positional } from "./arguments.ts";
import { type CommandSession, type Prompter, defineCommand, localServices, usageError } from "./command.ts";
import type { ConnectRequest, ConnectedVenue } from "./connected-venue.ts";
import {
  type ConnectedView,
  type ConnectorTypes,
  connectorTypes,
  renderChecked,
  renderConnect,
} from "./rendering/connect.ts";
import { readPreview, signReload } from "./sign-reload.ts";
import { lazy } from "../lib/lazy.ts";

const NAME = "connect";
const ENV_PREFIX = /^[A-Za-z_][A-Za-z0-9_]{0,60}$/;

const input = lazy(() =>
  z.strictObject({
    type: positional(z.string().optional(), "TYPE", "a type of the list that qoc connect prints"),
    name: flag(z.string().optional(), "NAME", "the connector's name in desk.toml"),
    envPrefix: flag(
      z.string().optional(),
      "PREFIX",
      "of its variables, as in PREFIX_API_KEY; by default from the name",
    ),
    environment: flag(z.enum(["paper", "live"]).default("paper"), "WORD", "paper (the default) or live account"),
    symbols: flag(z.string().optional(), "LIST", "of a replay: the symbols whose bars it plays, such as AAPL,MSFT"),
    balances: flag(z.string().optional(), "LIST", "of a cash account: its money, such as USD=25000,EUR=1200.50"),
    exchange: flag(z.string().optional(), "ID", "of ccxt: the exchange, such as binance"),
    currency: flag(z.string().optional(), "CODE", "of ccxt: the currency of the account, such as USDT"),
    hosts: flag(z.string().optional(), "LIST", "of an exchange that is only read: its API, such as api.kucoin.com"),
    quotes: flag(z.string().optional(), "NAME", "of a paper venue: the connector on whose quotes it trades"),
    address: flag(z.string().optional(), "HOST:PORT", "of ibkr: where TWS or IB Gateway listens"),
    venue: flag(z.string().optional(), "URL", "the address of a fake venue on this machine", { hidden: true }),
    /** Writes the table, if desk.toml still has this digest. Absent: connects once. */
    digest: z.string().optional(),
  }),
);
type Answers = z.output<ReturnType<typeof input>>;

export const command = defineCommand({
  name: NAME,
  group: "connectors",
  audience: "human",
  runs: "local",
  writes: ["desk.toml"],
  summary: "add a built-in connector to desk.toml, or list them",
  description:
    "Connects once, without orders, and shows the account; then appends a table to desk.toml, and signs the change if the desk is up.",
  examples: [
    "qoc connect",
    "qoc connect alpaca --name alpaca-paper --env-prefix ALPACA_",
    "qoc connect ccxt --name binance-paper --exchange binance",
    "qoc connect ccxt --name kucoin-live --environment live --exchange kucoin --currency USDT --hosts api.kucoin.com",
    "qoc connect equities --name eq",
    "qoc connect ibkr --name ib-paper --address 127.0.0.1:7497",
  ],
  exits: [5, 7],
  input,
  output: () => z.looseObject({}),
  run: async (answers, context): Promise<ConnectorTypes | ConnectedVenue> => {
    if (answers.type === undefined) return connectorTypes();
    const { environment, address, venue, quotes, digest } = answers;
    const againWith = (exchange: string | undefined) => fullCommand({ ...answers, exchange }, context.canAsk);
    const again = againWith(answers.exchange);
    const request = { ...complete(answers), environment, address, venue, quotes, digest, again, againWith };
    const { cwd: from, progress, signal } = context;
    return localServices(context).connect({ ...request, from, signal }, progress);
  },
  render: (value: ConnectorTypes | ConnectedView, style) => renderConnect(value, style),
  cli: connectInteractively,
});

/** @throws USAGE with the whole command if a word is missing; CONNECT_NOT_YET. */
function complete(answers: Answers): Pick<ConnectRequest, "type" | "name" | "envPrefix" | "words" | "lacks"> {
  const { name } = answers;
  const type = builtIn(answers.type ?? "");
  if (name === undefined) throw usageError(NAME, `--name is missing; type: ${fullCommand(answers)}`);
  try {
    connectorName(name);
  } catch (error) {
    if (error instanceof IdError) throw usageError(NAME, error.message);
    throw error;
  }
  if (answers.envPrefix !== undefined && !ENV_PREFIX.test(answers.envPrefix))
    throw usageError(NAME, `--env-prefix must be the start of a variable's name, such as "EQ_"`);
  if (answers.environment === "live" && !hasEnvironments(type))
    throw usageError(NAME, `a connector of type ${type} is always paper`);
  const exchange = answers.exchange ?? "";
  if (answers.environment === "paper" && isLiveOnly(exchange))
    throw usageError(
      NAME,
      `${exchange} has no paper environment; type: ${fullCommand({ ...answers, environment: "live" })}`,
    );
  if (answers.quotes !== undefined && type !== "paper") throw usageError(NAME, `${type} has no --quotes`);
  for (const option of ["address", "venue"] as const)
    if (answers[option] !== undefined && !hasOption(type, option)) throw usageError(NAME, `${type} has no --${option}`);
  return { type, name, envPrefix: answers.envPrefix ?? prefixOf(name), ...checkedWords(type, answers) };
}

/**
 * What is missing beside an exchange is said once ccxt was found to have it.
 * @throws USAGE if another word of the type is missing, one has another form, or another type's is there.
 */
function checkedWords(type: string, answers: Answers): Pick<ConnectRequest, "words" | "lacks"> {
  const options = wordOptions(type, answers);
  let lacks: string | undefined;
  for (const { option, example, isOptional, toml, meant } of options) {
    const word = answers[option];
    if (word === undefined && isOptional !== true) lacks ??= `--${option} is missing; type: ${fullCommand(answers)}`;
    if (word === undefined || toml(word) !== undefined) continue;
    const corrected = fullCommand({ ...answers, [option]: meant?.(word) });
    const found = word === "" ? "empty" : JSON.stringify(word);
    throw usageError(NAME, `--${option} must be such as ${example}; it is ${found}; type: ${corrected}`);
  }
  if (lacks !== undefined && answers.exchange === undefined) throw usageError(NAME, lacks);
  const foreign = WORD_FLAGS.find(
    (flag) => answers[flag] !== undefined && !options.some(({ option }) => option === flag),
  );
  if (foreign === undefined) return { words: wordsIn(answers), lacks };
  // The exchange decides which others there are.
  const whose = options.some(({ option }) => option === "exchange") ? answers.exchange : type;
  throw usageError(NAME, `${whose ?? type} has no --${foreign}`);
}

function wordsIn(answers: Answers): ConnectWords {
  return Object.fromEntries(WORD_FLAGS.map((flag) => [flag, answers[flag]]));
}

/** The built-in type of a word. */
function builtIn(word: string): string {
  if (BUILT_IN_TYPES.includes(word)) return word;
  const kind = CONNECTOR_KINDS[word];
  if (kind?.proposes !== undefined) return kind.proposes;
  if (kind !== undefined) throw new QocError("CONNECT_NOT_YET", { kind: word, instead: kind.instead ?? "" });
  if (word === "custom") throw usageError(NAME, "a connector of your own begins with: qoc connectors new NAME");
  if (isReviewedExchange(word))
    throw usageError(NAME, `${word} is an exchange; type: qoc ${NAME} ccxt --exchange ${word}`);
  const words = [...BUILT_IN_TYPES, ...Object.keys(CONNECTOR_KINDS)];
  throw usageError(
    NAME,
    `unknown type ${JSON.stringify(word)}: expected ${words.join(", ")}${suggestion(word, words)}`,
  );
}

function prefixOf(name: string): string {
  const prefix = `${name.toUpperCase().replaceAll("-", "_")}_`;
  return /^\d/.test(prefix) ? `_${prefix}` : prefix;
}

/** Paper and live of one venue are two connectors, and so are two exchanges. */
function proposedName(type: string, answers: Answers): string {
  const exchange = wordOptions(type, {}).find(({ option }) => option === "exchange");
  const venue = exchange === undefined ? type : (answers.exchange ?? exchange.example);
  return hasEnvironments(type) ? `${venue}-${answers.environment}` : `${venue}-2`;
}

/** The whole command; a program needs --yes, because it cannot answer a question. */
function fullCommand(answers: Answers, canAsk = false): string {
  const type = answers.type ?? BUILT_IN_TYPES[0] ?? "";
  const known = builtIn(type);
  const name = answers.name ?? proposedName(known, answers);
  const envPrefix = answers.envPrefix ?? prefixOf(name);
  const hasSecrets = secretVariables({ type: known, envPrefix }).length > 0;
  const words = wordOptions(known, answers).filter(
    ({ option, isOptional }) => isOptional !== true || answers[option] !== undefined,
  );
  return [
    `qoc ${NAME} ${type} --name ${name}`,
    ...(hasSecrets ? [`--env-prefix ${envPrefix}`] : []),
    ...(answers.environment === "live" ? ["--environment live"] : []),
    ...(answers.quotes === undefined ? [] : [`--quotes ${answers.quotes}`]),
    ...words.map(({ option, example }) => `--${option} ${answers[option] ?? example}`),
    ...(answers.address === undefined ? [] : [`--address ${answers.address}`]),
    ...(answers.venue === undefined ? [] : [`--venue ${answers.venue}`]),
    ...(canAsk ? [] : ["--yes"]),
  ].join(" ");
}

async function connectInteractively(
  session: CommandSession,
  given: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { prompter, flags, progress } = session;
  const answers = await ask(session, input().parse(given));
  if (answers === undefined) return EXIT.done;
  const { type } = complete(answers);
  if (type !== answers.type) progress.line(`${answers.type ?? ""}: the built-in connector is ${type}`);
  if (prompter === undefined && !flags.yes)
    throw usageError(NAME, `no person can answer here; type: ${fullCommand(answers)}`);
  const isUp = await isDeskUp(session);
  const checked = (await session.call(NAME, answers)) as ConnectedVenue;
  // A question needs the table on the screen.
  if (!flags.yes || !(flags.quiet || flags.json)) session.display((style) => renderChecked(checked, style));
  const question = isUp ? "Write this to desk.toml, sign it and put it in force?" : "Write this to desk.toml?";
  if (!flags.yes && (await prompter?.confirm(question)) !== true) {
    progress.line("desk.toml was not changed");
    return EXIT.failed;
  }
  await session.call(NAME, { ...answers, digest: checked.digest });
  if (isUp) await putInForce(session, checked);
  const needsReload = !isUp && checked.mode !== "paper";
  const next = isUp ? "qoc connectors list" : needsReload ? "qoc up, then qoc reload" : "qoc up";
  await session.show(NAME, { ...checked, isWritten: true, inForce: isUp, next } satisfies ConnectedView);
  return EXIT.done;
}

/** The answers with what the person at the terminal added; undefined: the types were listed, and none was selected. */
async function ask(session: CommandSession, answers: Answers): Promise<Answers | undefined> {
  const { prompter, flags } = session;
  let { type, name, envPrefix } = answers;
  if (type === undefined) {
    if (prompter === undefined && (name !== undefined || envPrefix !== undefined))
      throw usageError(NAME, `TYPE is missing; type: ${fullCommand(answers)}`);
    await session.show(NAME, connectorTypes());
    if (prompter === undefined || flags.yes) return undefined;
    const selected = await prompter.select("Connect which type? (Escape: none)", BUILT_IN_TYPES);
    if (selected === undefined) return undefined;
    type = BUILT_IN_TYPES[selected] ?? "";
  }
  if (prompter === undefined || flags.yes) return { ...answers, type };
  const known = builtIn(type);
  const words = await askWords(prompter, known, wordsIn(answers));
  if (name === undefined) {
    const proposed = proposedName(known, { ...answers, ...words });
    name = (await prompter.text(`Name of the connector (Enter: ${proposed})`)) || proposed;
  }
  if (envPrefix === undefined) {
    const proposed = prefixOf(name);
    const variables = secretVariables({ type: known, envPrefix: proposed, words }).map(({ variable }) => variable);
    if (variables.length > 0)
      envPrefix =
        (await prompter.text(`Prefix of its variables (Enter: ${proposed}, ${variables.join(", ")})`)) || proposed;
  }
  return { ...answers, ...words, type, name, envPrefix };
}

/** A word may decide which others there are. */
async function askWords(prompter: Prompter, type: string, given: ConnectWords): Promise<ConnectWords> {
  const missing = wordOptions(type, given).find(
    ({ option, isOptional }) => isOptional !== true && given[option] === undefined,
  );
  if (missing === undefined) return given;
  const word = await prompter.text(`${missing.question} (for example ${missing.example})`);
  return askWords(prompter, type, { ...given, [missing.option]: word });
}

/** @throws CONFIG_STALE: with other changes in desk.toml, one signature would cover more than the new connector. */
async function isDeskUp(session: CommandSession): Promise<boolean> {
  try {
    const { signing } = await readPreview(session);
    if (signing === undefined) return true;
  } catch (error) {
    if (session.isDeskDown(error)) return false;
    throw error;
  }
  throw new QocError("CONFIG_STALE", { reason: "desk.toml has other changes, which are not in force yet" });
}

/** Signs the new connector alone. */
async function putInForce(session: CommandSession, { name, settings }: ConnectedVenue): Promise<void> {
  try {
    const preview = await readPreview(session);
    const { before, after, signing } = preview;
    const others = { ...after, connector: after.connector.filter((table) => nameOf(table) !== name) };
    const { code: _code, ...added } = after.connector.find((table) => nameOf(table) === name) ?? {};
    // The desk adds the digest of the code that this command has just run.
    const isAsShown = canonicalJson(added) === canonicalJson(settings);
    if (signing === undefined || !isAsShown || digestTables(others) !== digestTables(before))
      throw new QocError("CONFIG_STALE", { reason: "desk.toml was changed again" });
    await signReload(session, preview, signing);
  } catch (error) {
    session.progress.line(`desk.toml has connector ${name}, but it is not in force; put it in force with: qoc reload`);
    throw error;
  }
}
