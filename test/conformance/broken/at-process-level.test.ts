/** Adapters with one mistake each, in a process of their own: a case at least detects each mistake there, too. */
import { TEMPLATE_MISTAKES } from "./mistakes.ts";
import { TEMPLATE, testMistakes } from "./test-mistakes.ts";

/** Spread over the kinds of mistakes; all of them are tried at the worker level. */
const TRIED = 20;
const STEP = Math.floor(TEMPLATE_MISTAKES.length / TRIED);

testMistakes(TEMPLATE, TEMPLATE_MISTAKES.filter((_mistake, index) => index % STEP === 0).slice(0, TRIED), "process");
