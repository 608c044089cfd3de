/** `[account] currency` that no account has is said with its line, once every connector has reported. */
import { describe, expect, it } from "vitest";
import { currencyNotice } from "../../../src/trading/config/config-notices.ts";
import { noticeText } from "../../../src/trading/config/notice-text.ts";
import { readConfig } from "../../../src/workspace/config.ts";
import { fakeClock } from "../../support/fake-clock.ts";

const TEXT = `format = 1
[workspace]
name = "w"
port = 7070

[account]
currency = "EUR"

[[connector]]
name = "a"
type = "paper"

[[connector]]
name = "b"
type = "paper"

[[connector]]
name = "off"
type = "paper"
enabled = false
`;
function noticeOf(currencies: Readonly<Record<string, string>>, text = TEXT, globalText?: string) {
  const accounts = new Map(Object.entries(currencies).map(([name, currency]) => [name, { account: { currency } }]));
  const globalFile = globalText === undefined ? undefined : { path: "/home/u/.qoc/config.toml", text: globalText };
  const config = readConfig(text, "/w/desk.toml", globalFile);
  return currencyNotice({ config, state: { accounts, rates: new Map() }, clock: fakeClock() } as never);
}

describe("a currency that no account has", () => {
  it("is a notice with its line and a change that ends it", () => {
    const notice = noticeOf({ a: "USD", b: "USDT" });
    expect(notice && noticeText(notice)).toBe(
      "desk.toml:7: [account] currency is EUR, and no account is in EUR; sums are by account: a is in USD; b is in USDT",
    );
    expect(notice?.fix).toBe('set currency = "USD" in [account] of desk.toml, then qoc reload, and restart the desk');
  });

  it("names the global file, or no line, if desk.toml does not state it", () => {
    const text = TEXT.replace('\n[account]\ncurrency = "EUR"\n', "");
    expect(noticeOf({ a: "USD", b: "USD" }, text, '\n[account]\ncurrency = "EUR"\n')?.text).toContain("config.toml:3:");
    expect(noticeOf({ a: "EUR", b: "EUR" }, text)?.text).toMatch(/^desk\.toml: \[account\] currency is USD/);
  });

  it.each([
    ["an account is in it", { a: "USD", b: "eur" }],
    ["an account is not known yet", { a: "USD" }],
    ["no account is known yet", {}],
  ])("is no notice while %s", (_, currencies) => expect(noticeOf(currencies)).toBeUndefined());

  it("is no notice if [fx] has a rate that leads to it", () => {
    const fx = '[fx.rates]\nEURUSD = { rate = "1.08", at = "2026-07-06" }\n';
    expect(noticeOf({ a: "USD", b: "USDT" }, `${TEXT}${fx}`)).toBeUndefined();
    expect(noticeOf({ a: "JPY", b: "JPY" }, `${TEXT}${fx}`)).toBeDefined();
  });
});
