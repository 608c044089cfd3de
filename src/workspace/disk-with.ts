import type { Disk } from "../domain/ports.ts";

/** The same disk with other methods. */
export function diskWith(disk: Disk, others: Partial<Disk>): Disk {
  return {
    read: (path, limit) => disk.read(path, limit),
    readText: (path, limit) => disk.readText(path, limit),
    readPart: (path, offset, length) => disk.readPart(path, offset, length),
    list: (path) => disk.list(path),
    readSmall: (path, most) => disk.readSmall(path, most),
    listSmall: (path, most) => disk.listSmall(path, most),
    facts: (path) => disk.facts(path),
    realPath: (path) => disk.realPath(path),
    mkdir: (path, mode) => disk.mkdir(path, mode),
    writeAtomic: (path, data, mode) => disk.writeAtomic(path, data, mode),
    create: (path, data, mode) => disk.create(path, data, mode),
    move: (from, to) => disk.move(from, to),
    remove: (path) => disk.remove(path),
    truncate: (path, size) => disk.truncate(path, size),
    append: (path, options) => disk.append(path, options),
    free: (path) => disk.free(path),
    ...others,
  };
}
