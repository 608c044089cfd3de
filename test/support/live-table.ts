/** What desk.toml must say besides, so that a live connector starts and takes orders of any size. */

/** Lines of `[[connector]]`. */
export const LIVE_LINES = 'hosts = ["127.0.0.1"]\nfirst_order_notional = "1000000000"\n';
export const LIVE_GUARD = '\n[[guard]]\nkey = "max-order-notional"\nmax_notional = "1000000000"\n';
