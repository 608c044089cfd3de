import { describe, expect, it } from "vitest";
import { type Archive, ArchivedMap } from "../../src/domain/archived-map.ts";

function archiveOf(entries: Readonly<Record<string, string>>): { readonly archive: Archive; readonly asked: string[] } {
  const asked: string[] = [];
  const find: Archive["find"] = (_table, key) => {
    asked.push(key);
    return entries[key];
  };
  return { archive: { find }, asked };
}

describe("A map with an archive", () => {
  it("asks once for a key that is looked up and set", () => {
    const { archive, asked } = archiveOf({ old: "1" });
    const map = new ArchivedMap<string, string>("stems");
    map.attach(archive);
    expect(map.get("new")).toBeUndefined();
    expect(map.has("new")).toBe(false);
    expect(map.set("new", "2").get("new")).toBe("2");
    expect(asked).toEqual(["new"]);
    expect(map.get("old")).toBe("1");
    expect(map.get("other")).toBeUndefined();
    expect(map.get("old")).toBe("1");
    expect(asked).toEqual(["new", "old", "other", "old"]);
  });

  it("asks again for a key that has moved to the archive since", () => {
    const entries: Record<string, string> = {};
    const { archive } = archiveOf(entries);
    const map = new ArchivedMap<string, string>("stems");
    map.attach(archive);
    expect(map.get("a")).toBeUndefined();
    map.set("a", "1");
    entries["a"] = "1";
    map.takeTouched();
    map.attach(archive);
    map.evict("a", "");
    expect(map.isInMemory("a")).toBe(false);
    expect(map.get("a")).toBe("1");
  });

  it("counts an entry once that came back from the archive to be changed", () => {
    const { archive } = archiveOf({ a: "open", b: "open" });
    const map = new ArchivedMap<string, string>("stems", { groupOf: (value) => value });
    map.restore({ replaced: [], counts: new Map([["open", 2]]) });
    map.attach(archive);
    expect([map.total, map.archived, map.archivedIn("open")]).toEqual([2, 2, 2]);
    map.take("a");
    expect([map.total, map.archived, map.archivedIn("open"), map.isReplaced("a")]).toEqual([2, 2, 1, true]);
    map.set("b", "closed");
    expect([map.total, map.archived, map.archivedIn("open"), map.isReplaced("b")]).toEqual([2, 2, 0, true]);
  });
});
