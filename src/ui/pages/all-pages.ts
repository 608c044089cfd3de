/** The pages that are loaded together, after the first one. */
import type { ComponentType } from "preact";
import { OrdersPage } from "../orders/orders-page.tsx";
import type { INNER_PAGES, PAGES } from "../pages-list.ts";
import type { RoutedPage } from "../router.ts";
import { AgentsPage } from "./agents.tsx";
import { ConnectorsPage } from "./connectors.tsx";
import { EquityPage } from "./equity.tsx";
import { FilesPage } from "./files.tsx";
import { FillsPage } from "./fills.tsx";
import { InboxPage } from "./inbox.tsx";
import { IssuesPage } from "./issues.tsx";
import { LogsPage } from "./logs.tsx";
import { PositionsPage } from "./positions.tsx";
import { RecordPage } from "./record.tsx";
import { ResearchPage } from "./research.tsx";
import { SettingsPage } from "./settings.tsx";

type LazyName = Exclude<(typeof PAGES | typeof INNER_PAGES)[number]["page"], "" | "review">;

export const LAZY_PAGES: Readonly<Record<LazyName, ComponentType<RoutedPage>>> = {
  orders: OrdersPage,
  positions: PositionsPage,
  equity: EquityPage,
  fills: FillsPage,
  inbox: InboxPage,
  issues: IssuesPage,
  research: ResearchPage,
  files: FilesPage,
  connectors: ConnectorsPage,
  agents: AgentsPage,
  logs: LogsPage,
  record: RecordPage,
  settings: SettingsPage,
};
