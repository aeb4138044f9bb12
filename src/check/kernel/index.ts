/** Kernel routines through every interleaving: the model, what must be true of it, and small scenarios. */
export { Endless } from './endless.ts'
export { KernelModel, type KernelSpec } from './model.ts'
export { KERNEL_PROPERTIES, type KernelProperty } from './properties.ts'
export { checkKernel, KERNEL_QUESTIONS, type KernelReplay, type KernelVerdict, replayKernel } from './run.ts'
export type { Event, Scenario } from './scenario.ts'
export { SCENARIOS } from './scenarios/index.ts'
export type { Fact, StoryStep } from './story.ts'
export { KernelWorld, type SmallMachine } from './world.ts'
