/** The files that `qoc init` writes: desk.toml with a paper venue and guards, house-rules.md, and a first issue. */

/** The arguments are the values of `[workspace]`. */
export function deskToml({ name, port, timezone }: { name: string; port: number; timezone: string }): string {
  return `# The desk's configuration. Only qoc connect adds to it. Check it with: qoc status
format = 1

[workspace]
name = ${JSON.stringify(name)}
port = ${port}
timezone = ${JSON.stringify(timezone)}

${TABLES}`;
}

const TABLES = `[account]
currency = "USD"

# A simulated venue on recorded real prices; no money moves.
[[connector]]
name = "paper"
type = "paper"
enabled = true
  [connector.options]
  start = "2019-10-10"
  bar_seconds = 60       # seconds of real time for one trading day
  cash = 1_000_000

# Guards are evaluated in this order when an order is proposed, approved and dispatched. The first breach is the stated
# reason; all breaches are listed. Percentages are of the account's NAV. An order exactly at a limit passes.
[[guard]]
key = "max-order-nav"
max_pct = 5.0

[[guard]]
key = "max-position-nav"
max_pct = 20.0

[[guard]]
key = "day-loss-limit"
max_pct = 3.0

[[guard]]
key = "buying-power"

[[guard]]
key = "price-collar"
max_pct = 3.0

[[guard]]
key = "quote-freshness"
max_age_s = 15

[[guard]]
key = "order-rate"
max_per_minute = 60

[[guard]]
key = "duplicate-order"
window_s = 600

[[guard]]
key = "no-short"

# For live equities: block orders outside the venue's hours. The paper venue's simulated time is always inside them.
# [[guard]]
# key = "market-hours"
# tz = "America/New_York"
# open = "09:30"
# close = "16:00"

# Before you trade real money: only the listed symbols can be traded.
# [[guard]]
# key = "symbol-allowlist"
# symbols = ["SPX", "AAPL"]

# The program that works on issues (qoc run ISSUE): demo, claude, codex, opencode, gemini, acp or command.
# Agents can use only the desk's tools.
# [agent]
# runtime = "claude"
# max_turns = 60
# max_cost_usd = 5.0
# timeout_minutes = 30

# Unattended runs: an issue (the name of its file) or "snapshot" at set times. Or without an edit here: qoc schedules add
# [[schedule]]
# name = "daily-close-snapshot"
# cron = "5 16 * * 1-5"  # minute hour day month weekday
# tz = "America/New_York"
# task = "snapshot"

# News from any RSS or Atom feed, written to inbox/news/.
# [[news]]
# name = "markets"
# url = "https://feeds.example.com/markets.xml"
# every = "15m"

# A real venue: qoc connect lists them, and writes a table here.
# A venue of your own: one TypeScript file, no build step.
# [[connector]]
# name = "my-venue"
# type = "custom"
# adapter = "./src/connectors/my-venue/index.ts"
#   [connector.auth]
#   api_key = { env = "MY_VENUE_API_KEY" }
`;

export const HOUSE_RULES = `# House rules

Every agent run gets this file unchanged.

- Propose only orders that a note in research/ or a quote you requested can justify.
- One idea, one order. State the exit.
- If data is missing, say so; never invent a number.
`;

export const FIRST_ISSUE = `---
id: "001"
title: A first look at the S&P 500
status: open
priority: normal
symbols: [SPX]
assigned_to: agent
---
## Goal

Decide whether a small position in SPX is justified. If so, propose it.

## Constraints

At most 5 % of NAV in one order.

## Acceptance

- [ ] a note in research/
- [ ] a proposal, or a sentence that explains why no order is proposed
`;
