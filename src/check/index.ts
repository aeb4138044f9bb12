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
 * **The hardware** (`hardware/`): each thread is a list of operations, each operation the micro-steps of an instruction or of an access.
 *
 * **The kernel** (`kernel/`): its routines yield operations instead of touching a machine, so that the same code is played here and on the
 * clock. The world is a kernel on its machine with its locks, timers and tasks. An operation is one step, or, where it is an
 * instruction or an IPI, its micro-steps on each CPU; one that must wait is an action that is not enabled. Timers fire any time after
 * they were set. Guests, hotplug, shutdown are events: when they begin is up to the outside.
 *
 * **In the end.** Where nothing but outside events is enabled a run ends, and what must be so in the end is judged there, and
 * whether anybody is stuck. Runs that go on for ever are judged by the loops they go round (`liveness.ts`).
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
