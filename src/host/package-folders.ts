/**
 * The folders of npm packages that an adapter may import from: those in which Node looks from its folder, and those to
 * which links there lead. A name such as `a/../../other`, the `paths` of a tsconfig and the `main` of a package lead
 * the bundler to any file, so that the place of a file decides, and not how it was named.
 */
import type { PluginBuild } from "esbuild";
import type { Disk } from "../domain/ports.ts";
import { isInside } from "../lib/path-containment.ts";
import { isPackaged } from "./bundle-fingerprint.ts";
import { parentFolders } from "../lib/parent-folders.ts";

/** The name of a package, with its scope. */
export const PACKAGE = /^(@[^/]+\/)?[^./@][^/]*/;
const AROUND = /^.*\/node_modules(?=\/)/;

export class PackageFolders {
  readonly #disk: Pick<Disk, "realPath">;
  readonly #further: readonly string[];
  readonly #known = new Set<string>();
  readonly #searched = new Map<string, Promise<void>>();

  /** `further`: folders of packages that the operator names besides. */
  constructor(disk: Pick<Disk, "realPath">, further: readonly string[] = []) {
    this.#disk = disk;
    this.#further = further;
  }

  /** Whether the file is in one of the folders. */
  has(path: string): boolean {
    return isPackaged(path) && [...this.#known].some((folder) => isInside(folder, path));
  }

  /** The folders in which packages are looked for from here. */
  async addFrom(folder: string): Promise<void> {
    await Promise.all(this.#placesFrom(folder).map((place) => this.#add(place)));
  }

  /** The folder of packages around a file of a package, which the desk chose. */
  async addAround(path: string): Promise<void> {
    for (const each of [path, await this.#disk.realPath(path)]) {
      const [around] = AROUND.exec(each ?? "") ?? [];
      if (around !== undefined) this.#known.add(around);
    }
  }

  /** A package may be a link to a store of packages, whose own packages lie beside it there. */
  follow(build: PluginBuild): void {
    build.onResolve({ filter: PACKAGE }, async ({ path, resolveDir }) => {
      const [name] = PACKAGE.exec(path) ?? [];
      if (name === undefined || resolveDir === "") return undefined;
      await Promise.all(this.#placesFrom(resolveDir).map((place) => this.#addLink(`${place}/${name}`)));
      return undefined;
    });
  }

  #placesFrom(folder: string): readonly string[] {
    const above = [folder, ...parentFolders(folder)].map((each) => `${each === "/" ? "" : each}/node_modules`);
    return [...above, ...this.#further];
  }

  async #add(folder: string): Promise<void> {
    this.#known.add(folder);
    const real = await this.#disk.realPath(folder);
    if (real !== undefined) this.#known.add(real);
  }

  #addLink(entry: string): Promise<void> {
    const search = this.#searched.get(entry) ?? this.#search(entry);
    this.#searched.set(entry, search);
    return search;
  }

  async #search(entry: string): Promise<void> {
    const real = await this.#disk.realPath(entry);
    const [around] = AROUND.exec(real ?? "") ?? [];
    if (around !== undefined) this.#known.add(around);
  }
}
