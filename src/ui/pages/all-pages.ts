/** The pages that are loaded together, after the first one. */
export { OrdersPage } from "../orders/orders-page.tsx";
export { AgentsPage } from "./agents.tsx";
export { ConnectorsPage } from "./connectors.tsx";
export { EquityPage } from "./equity.tsx";
export { FillsPage } from "./fills.tsx";
export { InboxPage } from "./inbox.tsx";
export { IssuesPage } from "./issues.tsx";
export { LogsPage } from "./logs.tsx";
export { PositionsPage } from "./positions.tsx";
export { RecordPage } from "./record.tsx";
export { ResearchPage } from "./research.tsx";
export { SettingsPage } from "./settings.tsx";
