/** Files of one tier share modules and globals: a file must not leave its clock to the next. */
import { afterAll, vi } from "vitest";

afterAll(() => void vi.useRealTimers());
