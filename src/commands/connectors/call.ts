import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import type { MethodInspection } from "../../trading/market/venue-gateway.ts";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { connectorInScope } from "../connector-scope.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { linesOf, oneLine, wrap } from "../rendering/terminal-text.ts";
import { connectorArgument } from "./connector-state.ts";

const NAME = "connectors call";

export const command = defineCommand({
  name: NAME,
  group: "connectors",
  audience: "human",
  runs: "desk",
  writes: [],
  summary: "call a read method of an adapter and print the answer",
  description:
    "For authors of adapters: the answer as JSON, how long it took, and what the desk drops or refuses of it. Methods that send, cancel or replace orders cannot be called.",
  examples: [
    "qoc connectors call my-venue getQuote BTC/USD",
    "qoc connectors call my-venue getFills 2026-11-27",
    `qoc connectors call my-venue getOrder '{"clientOrderId": "q1a2b3c4d5e6f7a8b"}'`,
  ],
  exits: [5],
  input: () =>
    z.strictObject({
      name: connectorArgument(),
      method: positional(z.string(), "METHOD", "getQuote, getPositions, getAccount, getFills, ..."),
      args: positional(z.array(z.string()).default([]), "ARGS", "JSON or plain words"),
    }),
  output: () =>
    z.looseObject({
      method: z.string(),
      ms: z.number(),
      dropped: z.array(z.string()),
      refused: z.array(z.string()),
    }),
  run: async (input, context) => {
    const { desk } = requireDesk(context);
    const name = connectorInScope(desk, context.actor, { name: input.name, command: NAME });
    return desk.venues.inspect(name, input.method, input.args);
  },
  render: renderInspection,
  exitCode: ({ error, refused }) => (error === undefined && refused.length === 0 ? EXIT.done : EXIT.failed),
});

/** The answer, then one fact a line. */
function renderInspection(report: MethodInspection, style: OutputStyle): readonly string[] {
  const { value, ms, dropped, refused, error } = report;
  const facts = (sign: string, words: string): readonly string[] =>
    style.isTty ? wrap(oneLine(`${sign} ${words}`), style.columns) : [oneLine(words)];
  const answer = value === undefined ? [] : linesOf(JSON.stringify(value, undefined, 2));
  return [
    ...answer,
    ...(error === undefined
      ? []
      : [
          style.paint("red", oneLine(`✗ threw (${error.kind}): ${error.message}`)),
          ...linesOf(error.stack ?? "").slice(1),
        ]),
    ...facts("-", `took ${ms} ms`),
    ...dropped.flatMap((member) => facts("!", `dropped: ${member} is not a member that the desk knows`)),
    ...refused.flatMap((reason) => facts("✗", `refused: ${reason}`)),
  ];
}
