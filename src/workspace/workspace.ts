/** The files of one desk: one object with a part for each folder. */
import type { Clock, Disk, FreeSpace } from "../domain/ports.ts";
import { BarStore } from "./bars.ts";
import { EntityStore } from "./entities.ts";
import { FileWriter } from "./file-write.ts";
import { WorkspaceFiles } from "./files.ts";
import { Inbox } from "./inbox.ts";
import { IssueStore } from "./issues.ts";
import { LAYOUT } from "./layout.ts";
import { NewsStore } from "./news.ts";
import { OrderFolders } from "./order-folders.ts";
import { ProposalStore } from "./proposals.ts";
import { RateFiles } from "./rate-files.ts";
import { ResearchStore } from "./research.ts";
import { ScheduleStore } from "./schedules.ts";
import { RunTranscripts } from "./run-transcripts.ts";
import { SnapshotStore } from "./snapshots.ts";

export interface WorkspaceOptions {
  readonly disk: Disk;
  /** The absolute path of the folder with desk.toml, without symlinks. */
  readonly root: string;
  readonly clock: Pick<Clock, "now">;
  /** Returns the absolute paths of the files that no command may read; see `secretFilesOf`. */
  readonly secretFiles: () => readonly string[];
}

export interface Workspace {
  readonly root: string;
  readonly disk: Disk;
  /** The absolute path of the journal's folder. */
  readonly journalDir: string;
  readonly bars: BarStore;
  readonly entities: EntityStore;
  /** Any file that commands may read or write, whatever its folder. */
  readonly files: WorkspaceFiles;
  readonly inbox: Inbox;
  readonly issues: IssueStore;
  readonly news: NewsStore;
  /** All folders below orders/. */
  readonly orders: OrderFolders;
  /** orders/pending/ and orders/proposed/. */
  readonly proposals: ProposalStore;
  readonly rates: RateFiles;
  readonly research: ResearchStore;
  readonly schedules: ScheduleStore;
  readonly snapshots: SnapshotStore;
  readonly transcripts: RunTranscripts;
  freeSpace(): Promise<FreeSpace>;
}

export function openWorkspace(options: WorkspaceOptions): Workspace {
  const { disk, root } = options;
  const writer = new FileWriter(options);
  const files = new WorkspaceFiles(options, writer);
  return {
    root,
    disk,
    journalDir: `${root}/${LAYOUT.journal}`,
    bars: new BarStore(options),
    entities: new EntityStore(files, writer),
    files,
    inbox: new Inbox(options),
    issues: new IssueStore(options, writer),
    news: new NewsStore(options),
    orders: new OrderFolders(options),
    proposals: new ProposalStore(options),
    rates: new RateFiles(options),
    research: new ResearchStore(options, writer),
    schedules: new ScheduleStore(options),
    snapshots: new SnapshotStore(options),
    transcripts: new RunTranscripts(options),
    freeSpace: () => disk.free(root),
  };
}
