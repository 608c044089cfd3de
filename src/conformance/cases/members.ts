/** The last case: what all other cases saw of members that the SDK does not have. */
import { droppedText } from "../../host/unknown-members.ts";
import { fail } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import { counted } from "../../lib/counted.ts";

export const MEMBER_CASES: readonly TestCase[] = [
  {
    id: "C120",
    group: "account",
    title: "answers have only members that the SDK has",
    proves: "the desk reads everything that the adapter returns",
    isLast: true,
    run: async (harness) => {
      const { calls, connector, settings } = harness;
      if (settings.quotes) await calls.quote("kit", settings.symbol);
      await calls.positions("kit");
      await calls.account("kit");
      await calls.instrument("kit", settings.symbol);
      await calls.openOrders("kit");
      await calls.fills("kit", 0);
      await calls.bars("kit", settings.symbol);
      const methods = new Map(
        [...harness.dropped, ...connector.unknownMembers.list].map((dropped) => [dropped.method, dropped]),
      );
      const [first] = methods.values();
      if (first === undefined) return;
      const others = methods.size === 1 ? "" : `; so do ${counted(methods.size - 1, "more method")}`;
      fail(`${droppedText(first)}${others}: return the members of the SDK, and nothing else`);
    },
  },
];
