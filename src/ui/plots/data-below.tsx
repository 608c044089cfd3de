/** The data of a plot as a table, and as a file. */
import type { JSX } from "preact";
import { type TableColumn, DataTable } from "../parts/data-table.tsx";
import { Button } from "../parts/button.tsx";

interface DataBelowProps {
  readonly name: string;
  readonly columns: readonly string[];
  /** The newest first; the first cell names the row. */
  readonly rows: readonly (readonly string[])[];
}

export function DataBelow({ name, columns, rows }: DataBelowProps): JSX.Element {
  const cells: readonly TableColumn<readonly string[]>[] = columns.map((title, index) => ({
    title,
    cell: (row) => row[index] ?? "",
    isNumber: index > 0,
  }));
  return (
    <details class="data-below">
      <summary>
        {name} as a table ({rows.length} rows)
      </summary>
      <Button kind="quiet" onPress={() => download(name, [columns, ...rows])}>
        Download CSV
      </Button>
      <DataTable caption={name} columns={cells} rows={rows} keyOf={(row) => row.join(" ")} />
    </details>
  );
}

function download(name: string, rows: readonly (readonly string[])[]): void {
  const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
