/** `qoc connectors new`: copies the template connector, which passes certification unchanged. */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { type ConnectorName, connectorName } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";

export interface NewConnectorOptions {
  readonly disk: Disk;
  /** The workspace's folder. */
  readonly root: string;
  readonly packageRoot: string;
  readonly name: string;
}

const FOLDER = "src/connectors";

/** Never overwrites a file. @throws INVALID_INPUT for a bad name, CONNECTOR_EXISTS if the folder exists. */
export async function newConnector({ disk, root, packageRoot, name }: NewConnectorOptions) {
  const connector = checkedName(name);
  const folder = join(root, FOLDER, connector);
  if ((await disk.facts(folder)) !== undefined)
    throw new QocError("CONNECTOR_EXISTS", { path: relative(root, folder) });
  const template = join(packageRoot, "connectors/template");
  await disk.mkdir(folder);
  const files = readdirSync(template).toSorted();
  for (const file of files)
    await disk.create(join(folder, file), withName(readFileSync(join(template, file), "utf8"), connector));
  const path = relative(root, folder);
  return {
    name: connector,
    path,
    files: files.map((file) => `${path}/${file}`),
    table: configTable(connector, path),
    next: `qoc connectors test ./${path}`,
  };
}

function checkedName(name: string): ConnectorName {
  try {
    return connectorName(name);
  } catch (error) {
    throw new QocError("INVALID_INPUT", { command: "connectors new", message: messageOf(error) }, { cause: error });
  }
}

function withName(source: string, name: string): string {
  return source
    .replaceAll("TemplateConnector", `${pascalCase(name)}Connector`)
    .replaceAll("TEMPLATE_API_KEY", `${name.toUpperCase().replaceAll("-", "_")}_API_KEY`)
    .replaceAll("src/connectors/template/", `src/connectors/${name}/`)
    .replaceAll('name = "template"', `name = ${JSON.stringify(name)}`)
    .replace(/^# template$/m, `# ${name}`);
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|[^a-zA-Z0-9]+)([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The table for the author to paste into desk.toml. */
function configTable(name: string, path: string): string {
  return [
    "[[connector]]",
    `name = ${JSON.stringify(name)}`,
    'type = "custom"',
    `adapter = "./${path}/index.ts"`,
    "  [connector.auth]",
    `  api_key = { env = "${name.toUpperCase().replaceAll("-", "_")}_API_KEY" }`,
    // The template reads both.
    "  [connector.options]",
    '  url = "https://api.venue.example"',
    '  stream = "wss://api.venue.example/stream"',
  ].join("\n");
}
