/** The clock: the host software driven through simulated time, with costs and metrics. */
export type { Blocked } from './blockers.ts'
export { Clock } from './clock.ts'
export { COSTS, costAssumptions } from './costs.ts'
export type { Integrals } from './coverage.ts'
export { HostSimulation, SETTLE_NS } from './host.ts'
export { type HostSpec, planHost, SEGMENT_SHIFT_MAX } from './host-spec.ts'
export { HOSTS, hostNamed } from './presets.ts'
export { behaviourAssumptions, DEFAULT_BEHAVIOUR, type GuestBehaviour, type HostedVm } from './vm-life.ts'
