import type { Scenario } from '../scenario.ts'
import { CONVERSION_AGAINST_PASS, CONVERSION_EMPTIES_REGION } from './conversion.ts'
import { CONFIGFS_WRITE, DEBUGFS_READ } from './files.ts'
import { FIRMWARE_PAGE } from './firmware-page.ts'
import { GUEST_COMES_AND_GOES, THREE_CORES } from './guest-comes-and-goes.ts'
import { TWO_GUESTS_END_TOGETHER } from './guests-end-together.ts'
import { HOTPLUG_AND_PASS, HOTPLUG_AROUND_INIT, KEXEC, OFFLINE_AT_BOOT } from './hotplug.ts'
import { LARGE_GUEST_RETURNS_LATE } from './large-guest.ts'
import {
  BOTH_SHUTDOWNS,
  FULL_SHUTDOWN,
  LEGACY_SHUTDOWN,
  LEGACY_SHUTDOWN_DURING_PASS,
  SHUTDOWN_REFUSED,
  SHUTDOWN_UNDER_A_GUEST,
} from './shutdown.ts'

/** The scenarios, in the order people are shown them. */
export const SCENARIOS: readonly Scenario[] = [
  GUEST_COMES_AND_GOES,
  THREE_CORES,
  TWO_GUESTS_END_TOGETHER,
  LARGE_GUEST_RETURNS_LATE,
  CONVERSION_AGAINST_PASS,
  CONVERSION_EMPTIES_REGION,
  FIRMWARE_PAGE,
  HOTPLUG_AROUND_INIT,
  HOTPLUG_AND_PASS,
  OFFLINE_AT_BOOT,
  FULL_SHUTDOWN,
  LEGACY_SHUTDOWN,
  LEGACY_SHUTDOWN_DURING_PASS,
  BOTH_SHUTDOWNS,
  SHUTDOWN_REFUSED,
  SHUTDOWN_UNDER_A_GUEST,
  KEXEC,
  DEBUGFS_READ,
  CONFIGFS_WRITE,
]
