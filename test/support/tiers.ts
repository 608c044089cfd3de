/**
 * The test tiers: one vitest project each, with the npm script that runs it. A test file belongs to the first tier
 * whose patterns match it.
 */
export interface Tier {
  readonly name: string;
  readonly command: string;
  readonly covers: string;
  /** Globs of its test files. */
  readonly include: readonly string[];
  /** `npm test` runs this tier. */
  readonly isDefault: boolean;
  /** Its files share loaded modules, because loading them takes longer than their tests. */
  readonly sharesModules?: boolean;
  /** Its files mostly wait for time-outs, back-off and other processes, so twice as many of them run at once. */
  readonly mostlyWaits?: boolean;
}

const SLOW_TIERS: readonly Tier[] = [
  {
    name: "conformance",
    command: "npm run test:conformance",
    covers: "the certification kit, attacks on the sandbox, broken adapters, the connectors guide",
    include: ["test/conformance/**/*.test.ts", "test/docs/connectors-guide.test.ts", "test/app/new-connector.test.ts"],
    isDefault: false,
    mostlyWaits: true,
  },
  {
    name: "workers",
    command: "npm run test:workers",
    covers: "adapters and guards in real worker threads and processes: bundles, npm packages, the network, supervision",
    include: ["test/host/{bundle,bundle-cache,connector,guard-pool,guard-process,network,npm-packages,reach}.test.ts"],
    isDefault: false,
    sharesModules: true,
  },
  {
    name: "live",
    command: "npm run test:live",
    covers: "desks with live connectors, each in a process of its own, and with the live key",
    include: [
      "test/flows/{accounts-that-count,adapter-changed,alpaca,cancel-by-proposal,config-pinned,keys-travel}.test.ts",
      "test/flows/{live-approval,live-levels,packages-changed,passkey-approval,simulated-live,venue-account}.test.ts",
    ],
    isDefault: false,
    sharesModules: true,
  },
  {
    name: "programs",
    command: "npm run test:programs",
    covers: "the program in processes of its own, at terminals, killed and upgraded; command-line sessions",
    include: ["test/programs/**/*.test.ts", "test/transcripts/**/*.test.ts"],
    isDefault: false,
  },
  {
    name: "clients",
    command: "npm run test:clients",
    covers: "real agent programs and MCP checkers (install them first: npm run clients -- --install)",
    include: ["test/clients/**/*.test.ts"],
    isDefault: false,
  },
  {
    name: "ui",
    command: "npm run test:ui",
    covers: "the page in a real browser (skipped without /usr/bin/chromium)",
    include: ["test/ui/**/*.test.ts"],
    isDefault: false,
  },
];

const FLOWS: Tier = {
  name: "flows",
  command: "npm test",
  covers: "whole desks: real files, workers and sockets",
  include: ["test/flows/**/*.test.ts"],
  isDefault: true,
  sharesModules: true,
};

const UNIT: Tier = {
  name: "unit",
  command: "npm test",
  covers: "every other test: one module each",
  include: ["test/**/*.test.ts"],
  isDefault: true,
  sharesModules: true,
};

export const TIERS: readonly Tier[] = [...SLOW_TIERS, FLOWS, UNIT];

/** Patterns of earlier tiers, which a tier's own patterns do not claim. */
export function excludedBy(tier: Tier): readonly string[] {
  return TIERS.slice(0, TIERS.indexOf(tier)).flatMap(({ include }) => include);
}
