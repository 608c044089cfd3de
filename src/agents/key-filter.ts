/**
 * A filter of system calls (seccomp) for bubblewrap: a program in the sandbox has no keys of the kernel. Those of the
 * operator's session, such as tickets of Kerberos, belong to every process that is started from it, in whatever
 * namespace.
 */

/** What the kernel calls an architecture, and the numbers of add_key, request_key and keyctl there. */
type Calls = readonly [architecture: number, ...numbers: readonly number[]];

const X32 = 0x4000_0000;
const X64_CALLS = [248, 249, 250];

/** The architectures, all little-endian, whose programs a machine runs, by Node's name of its own. */
const MACHINES: Readonly<Record<string, readonly Calls[]>> = {
  x64: [
    [0xc000_003e, ...X64_CALLS, ...X64_CALLS.map((number) => X32 + number)],
    [0x4000_0003, 286, 287, 288],
  ],
  arm64: [
    [0xc000_00b7, 217, 218, 219],
    [0x4000_0028, 309, 310, 311],
  ],
};

const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
/** As a kernel without keys answers: ENOSYS. */
const REFUSE = 0x0005_0000 + 38;
/** Where the data of a call has them. */
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** The filter for Node's name of an architecture; undefined if the numbers of its calls are not known here. */
export function keyFilter(machine: string): Uint8Array | undefined {
  const all = MACHINES[machine];
  if (all === undefined) return undefined;
  const instructions = all.flatMap(instructionsOf).concat([[RETURN, 0, 0, ALLOW]]);
  const bytes = Buffer.alloc(instructions.length * 8);
  instructions.forEach(([code, ifTrue, ifFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  });
  return bytes;
}

/** For one architecture; the instructions after them are for the others. */
function instructionsOf([architecture, ...numbers]: Calls): readonly Instruction[] {
  const count = numbers.length;
  return [
    [LOAD, 0, 0, ARCHITECTURE_AT],
    [JUMP_IF_EQUAL, 0, count + 3, architecture],
    [LOAD, 0, 0, NUMBER_AT],
    ...numbers.map((number, index): Instruction => [JUMP_IF_EQUAL, count - index, 0, number]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE],
  ];
}
