/** The order of test files: the slowest file starts first, so that no core waits for it at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const SLOWEST = "test/conformance/attacks/attacks.test.ts";

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the method of a sequencer, not of an array
    const sorted = await super.sort(files);
    const isSlowest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(SLOWEST);
    return [...sorted.filter(isSlowest), ...sorted.filter((file) => !isSlowest(file))];
  }
}
