/**
 * The adversary: plays everything that can happen, in every order.
 *
 * **How it is made.** A `Model` is initial states, actions and properties over states of a few 32-bit words; strategies know
 * nothing else. Such a model is made of generators without re-modelling anything:
 *
 * 1. One live world is the arena. Its state is saved as whole numbers (`World.save`) and interned: a *shared state* is a number.
 * 2. A thread is a generator behind a `Membrane`, which puts down what it observes. Its local state is just that, interned: a
 *    number, too. To go on from there the generator is made anew and told what it had observed.
 * 3. What a step does depends on nothing but these two numbers. It is made for real once and looked up from then on.
 *
 * **How the kernel is to be plugged in.** Its routines (`kernel/ops.ts`) yield operations instead of touching a machine, so they
 * need one level more and nothing else:
 *
 * - The world is a kernel on its machine; `save` and `load` add what `Kernel`, `Lock`, `DelayedWork` and `PhysicalMemory` hold
 *   (owners and waiters by thread number, timers as pending or not: any order of firing is an order that may come). These
 *   objects, and whatever else routines read directly, are the `places` of the membrane; `IndexSet`s stand for themselves.
 * - A thread state is a stack: the routine's own log (what it read of the kernel, and the answers to its operations) and, on
 *   top, the log of the operation in flight. `ThreadStates` already forgets the upper one when the operation answers. An `execute`
 *   opens the instruction's micro-steps there, or is one step where those were checked on their own.
 * - An operation that must wait (a lock, `wait-unpinned`, `cancel-work-sync`, an IPI that waits) is an action that is not enabled:
 *   remember `NO_STEP` for that pair. Deadlock is then found by whoever explores.
 * - A CPU interrupted by an IPI, a worker that a timer starts, a CPU going offline are threads of the model, there from the start
 *   and not enabled until they are wanted. What comes from outside (guests, hotplug) is an action with `isOutside`.
 * - `play` is answered with `next`: loops are played step by step.
 */
export { breadthFirst, type Exploration } from './breadth-first.ts'
export type { Budget, Progress } from './budget.ts'
export { depthFirst } from './depth-first.ts'
export { HardwareModel, type HardwareSpec } from './hardware/model.ts'
export { type Answer, type Operation, type OperationSteps, stepsOf, type Thread } from './hardware/operation.ts'
export { HARDWARE_PROPERTIES, type HardwareProperty, NO_SURPRISE } from './hardware/properties.ts'
export { type MemoryValue, World } from './hardware/world.ts'
export * from './kernel/index.ts'
export { formatLitmus } from './litmus/format.ts'
export { parseLitmus } from './litmus/parse.ts'
export { LitmusProblem } from './litmus/problem.ts'
export { type ConditionOutcome, type LitmusOutcome, type Outcome, type RunLitmusOptions, runLitmus } from './litmus/run.ts'
export type { LitmusFile } from './litmus/syntax.ts'
export type { Model, Path, PathStep, Property, State, Unfinished, Verdict } from './model.ts'
export { NO_DEADLOCK } from './model.ts'
export { randomWalks, type WalkOptions } from './random-walks.ts'
