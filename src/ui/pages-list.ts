/** The pages in the order of the navigation. `key` follows `g` on the keyboard. */
export const PAGES = [
  { page: "", title: "Desk", key: "d" },
  { page: "review", title: "Review", key: "v" },
  { page: "orders", title: "Orders", key: "o" },
  { page: "positions", title: "Positions", key: "p" },
  { page: "equity", title: "Equity", key: "e" },
  { page: "fills", title: "Fills", key: "f" },
  { page: "inbox", title: "Inbox", key: "i" },
  { page: "issues", title: "Issues", key: "t" },
  { page: "research", title: "Research", key: "a" },
  { page: "connectors", title: "Connectors", key: "c" },
  { page: "agents", title: "Agents", key: "n" },
  { page: "logs", title: "Logs", key: "l" },
  { page: "record", title: "Record", key: "r" },
  { page: "settings", title: "Settings", key: "s" },
] as const;

/** Pages that are opened from another one, which the navigation marks. */
export const INNER_PAGES = [{ page: "files", title: "Files", from: "research" }] as const;
