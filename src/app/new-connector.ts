/** `qoc connectors new`: a connector that is certified as it stands, for its author to change. */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { QocError, messageOf } from "../domain/error.ts";
import { type ConnectorName, connectorName } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";

export interface NewConnector {
  readonly disk: Disk;
  /** The workspace. */
  readonly root: string;
  readonly packageRoot: string;
  readonly name: string;
}

const FOLDER = "src/connectors";

/** @throws INVALID_INPUT for a name, CONNECTOR_EXISTS; nothing that exists is touched. */
export async function newConnector({ disk, root, packageRoot, name }: NewConnector) {
  const given = checked(name);
  const folder = join(root, FOLDER, given);
  if ((await disk.facts(folder)) !== undefined)
    throw new QocError("CONNECTOR_EXISTS", { path: relative(root, folder) });
  const template = join(packageRoot, "connectors/template");
  await disk.mkdir(folder);
  const files = readdirSync(template).toSorted();
  for (const file of files)
    await disk.create(join(folder, file), named(readFileSync(join(template, file), "utf8"), given));
  const path = relative(root, folder);
  return {
    name: given,
    path,
    files: files.map((file) => `${path}/${file}`),
    table: tableOf(given, path),
    next: `qoc connectors test ./${path}`,
  };
}

function checked(name: string): ConnectorName {
  try {
    return connectorName(name);
  } catch (error) {
    throw new QocError("INVALID_INPUT", { command: "connectors new", message: messageOf(error) }, { cause: error });
  }
}

function named(text: string, name: string): string {
  return text
    .replaceAll("TemplateConnector", `${pascal(name)}Connector`)
    .replaceAll("TEMPLATE_API_KEY", `${name.toUpperCase().replaceAll("-", "_")}_API_KEY`)
    .replaceAll("src/connectors/template/", `src/connectors/${name}/`)
    .replaceAll('name = "template"', `name = ${JSON.stringify(name)}`)
    .replace(/^# template$/m, `# ${name}`);
}

function pascal(name: string): string {
  return name.replace(/(?:^|[^a-zA-Z0-9]+)([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What to paste into desk.toml, which the desk never writes by itself. */
function tableOf(name: string, path: string): string {
  return [
    "[[connector]]",
    `name = ${JSON.stringify(name)}`,
    'type = "custom"',
    `adapter = "./${path}/index.ts"`,
    "  [connector.auth]",
    `  api_key = { env = "${name.toUpperCase().replaceAll("-", "_")}_API_KEY" }`,
  ].join("\n");
}
