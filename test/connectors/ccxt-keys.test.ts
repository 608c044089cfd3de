/** Keys that may withdraw, may not trade, or are wrong: each is refused for good, with what to do. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";
import { COINBASE } from "../../connectors/ccxt/coinbase/venue.ts";
import { KRAKEN } from "../../connectors/ccxt/kraken/venue.ts";
import type { Profile } from "../../connectors/ccxt/venue.ts";
import { ConnectRefused } from "../../src/domain/sdk.ts";
import { type Reply, openVenue } from "../support/ccxt-session.ts";

afterEach(() => vi.unstubAllGlobals());

type Answers = Readonly<Record<string, Reply>>;
const ok = (result: unknown): Reply => ({ body: { error: [], result } });

const BINANCE_ANSWERS: Answers = {
  time: { body: { serverTime: 1_700_000_000_000 } },
  account: { body: { canTrade: true, uid: 354937868, balances: [] } },
  "account/apiRestrictions": { body: { enableWithdrawals: false, enableSpotAndMarginTrading: true } },
};
const KRAKEN_ANSWERS: Answers = {
  Time: ok({ unixtime: 1_700_000_000 }),
  GetApiKeyInfo: ok({ permissions: ["query-funds", "modify-trades"] }),
  AssetPairs: ok({}),
};
const COINBASE_ANSWERS: Answers = {
  "brokerage/time": { body: { epochMillis: "1700000000000" } },
  "brokerage/key_permissions": {
    body: { can_view: true, can_trade: true, can_transfer: false, portfolio_uuid: "p-1" },
  },
};

function signIn(profile: Profile, answers: Answers) {
  const reply = ({ path }: { readonly path: string }): Reply => answers[path] ?? { status: 404, body: {} };
  const currency = profile === BINANCE ? "USDT" : "USD";
  return openVenue(vi.stubGlobal, { profile, environment: "live", currency, reply }).venue.signIn();
}

const transfer = { can_view: true, can_trade: true, can_transfer: true, portfolio_uuid: "p-1" };
describe.each<[string, Profile, Answers, Answers, Answers]>([
  [
    "Binance",
    BINANCE,
    BINANCE_ANSWERS,
    { "account/apiRestrictions": { body: { enableWithdrawals: true, enableSpotAndMarginTrading: true } } },
    { account: { status: 401, body: { code: -2015, msg: "Invalid API-key, IP, or permissions for action." } } },
  ],
  [
    "Kraken",
    KRAKEN,
    KRAKEN_ANSWERS,
    { GetApiKeyInfo: ok({ permissions: ["query-funds", "withdraw-funds"] }) },
    { GetApiKeyInfo: { body: { error: ["EAPI:Invalid key"] } } },
  ],
  [
    "Coinbase",
    COINBASE,
    COINBASE_ANSWERS,
    { "brokerage/key_permissions": { body: transfer } },
    { "brokerage/key_permissions": { status: 401, body: "Unauthorized" } },
  ],
])("%s", (name, profile, answers, withdrawing, wrong) => {
  it("takes a key for trading alone", async () => {
    expect(await signIn(profile, answers)).toMatchObject({ mode: "live", permissions: ["read", "trade"] });
  });

  it("refuses a key that may withdraw, and says what to make", async () => {
    const refused = signIn(profile, { ...answers, ...withdrawing });
    await expect(refused).rejects.toThrow(ConnectRefused);
    await expect(refused).rejects.toThrow(/may withdraw: make one without/);
  });

  it("refuses a wrong key, and names the secrets to check", async () => {
    const refused = signIn(profile, { ...answers, ...wrong });
    await expect(refused).rejects.toThrow(ConnectRefused);
    await expect(refused).rejects.toThrow(new RegExp(`${name}.* refused the keys: .*check api_key`));
  });

  it("does not start if the exchange says nothing of withdrawals, and tries again", async () => {
    const silent = Object.fromEntries(Object.keys(withdrawing).map((path) => [path, ok({})]));
    const failed = signIn(profile, { ...answers, ...silent });
    await expect(failed).rejects.toThrow("does not say whether this key may withdraw");
    await expect(failed).rejects.not.toThrow(ConnectRefused);
  });
});
