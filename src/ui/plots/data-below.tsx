/** The data of a plot as a table, and as a file. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { counted } from "../amounts.ts";
import { type TableColumn, DataTable } from "../parts/data-table.tsx";
import { Button } from "../parts/button.tsx";

interface DataBelowProps {
  readonly name: string;
  readonly columns: readonly string[];
  readonly count: number;
  /** The newest first; the first cell names the row. They are made when they are asked for. */
  readonly rows: () => readonly (readonly string[])[];
}

export function DataBelow({ name, columns, count, rows }: DataBelowProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="data-below" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {name} as a table ({counted(count, "row")})
      </summary>
      {isOpen ? (
        <>
          <Button kind="quiet" onPress={() => download(name, [columns, ...rows()])}>
            Download CSV
          </Button>
          <DataTable
            caption={name}
            columns={cellsOf(columns)}
            rows={rows()}
            keyOf={(row) => row.join(" ")}
            empty="There is no row yet."
          />
        </>
      ) : null}
    </details>
  );
}

function cellsOf(columns: readonly string[]): readonly TableColumn<readonly string[]>[] {
  return columns.map((title, index) => ({ title, cell: (row) => row[index] ?? "", isNumber: index > 0 }));
}

function download(name: string, rows: readonly (readonly string[])[]): void {
  const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
