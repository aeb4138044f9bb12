import type { Scenario } from '../scenario.ts'
import { GUEST_COMES_AND_GOES } from './guest-comes-and-goes.ts'

/** The scenarios, in the order people are shown them. */
export const SCENARIOS: readonly Scenario[] = [GUEST_COMES_AND_GOES]
