/** The desk.toml that `qoc init` writes: a paper venue, guards on, and words on what the rest is for. */

export function deskToml(facts: { name: string; port: number; timezone: string }): string {
  return `# The desk's configuration. The desk never rewrites it. Check it with: qoc status
format = 1

[workspace]
name = ${JSON.stringify(facts.name)}
port = ${facts.port}
timezone = ${JSON.stringify(facts.timezone)}

[account]
currency = "USD"

# A simulated venue on recorded real prices; no money moves.
[[connector]]
name = "paper"
type = "paper"
enabled = true
  [connector.options]
  start = "2019-10-10"
  bar_seconds = 2        # wall seconds for one trading day
  cash = 1_000_000

# Guards are evaluated in this order when an order is proposed, approved and dispatched. The first breach is the stated
# reason, all are listed. Percentages are of NAV; a limit itself still passes.
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

# For live equities: refuse orders outside the venue's hours. The paper venue's time is simulated and always inside them.
# [[guard]]
# key = "market-hours"
# tz = "America/New_York"
# open = "09:30"
# close = "16:00"

# Before real money: name what may be traded, and nothing else can be.
# [[guard]]
# key = "symbol-allowlist"
# symbols = ["SPX", "AAPL"]

# Who works on issues (qoc run ISSUE): demo, claude, codex, opencode, gemini, acp or command. Each sees the desk's tools alone.
# [agent]
# runtime = "claude"
# max_turns = 60
# max_cost_usd = 5.0
# timeout_minutes = 30

# News into inbox/news/, from any RSS or Atom feed.
# [[news]]
# name = "markets"
# url = "https://feeds.example.com/markets.xml"
# every = "15m"

# Your own venue: one TypeScript file, no build step.
# [[connector]]
# name = "my-venue"
# type = "custom"
# adapter = "./src/connectors/my-venue/index.ts"
#   [connector.auth]
#   api_key = { env = "MY_VENUE_API_KEY" }
`;
}

export const HOUSE_RULES = `# House rules

Given to every agent run, word for word.

- Propose only what you can justify from a note in research/ or a quote you asked for.
- One idea, one order. State the exit.
- When data is missing, say so; never make a number up.
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

Say whether a small position in SPX is warranted, and propose it if so.

## Constraints

At most 5 % of NAV in one order.

## Acceptance

- [ ] a note in research/
- [ ] a proposal, or a sentence on why there is none
`;
