/** A state: as many 32-bit words as its model says. Whoever is handed one may look at it, and must copy what it keeps. */
export type State = Int32Array

/**
 * Something that changes step by step, and what must be true of it. Strategies (breadth first, depth first, random walks)
 * know nothing but this; a model knows nothing of them.
 *
 * A model is deterministic: the same state and action always give the same next state. Where a thread has a choice, each of
 * its alternatives is an action of its own.
 */
export interface Model {
  /** 32-bit words of a state. */
  readonly words: number
  /** Actions are numbered from 0 to this, exclusive: mostly one for each thread. */
  readonly actions: number
  readonly properties: readonly Property[]
  initial(): readonly State[]
  /** Writes the state that the action leads to into `to`. @returns whether the action is enabled; if not, `to` is undefined */
  step(from: State, action: number, to: State): boolean
  /** Whether all threads have finished. Where nothing but outside events is enabled and they have not, it is a deadlock. */
  isEnd(state: State): boolean
  /** Outside events (a guest starts, a timer is armed from elsewhere) need never happen: liveness is judged without them. */
  isOutside?(action: number): boolean
  /** Overwrites a state by the representative of all that differ from it only in who is who. */
  canonicalise?(state: State): void
  /** A quick look at a state: `false` only where every `always` holds, which are then not asked one by one. */
  isSuspect?(state: State): boolean
  /**
   * Asked when every state has been visited: `false` only if no run comes back to where it was without outside events, so that
   * every run without them ends.
   */
  mayLoop?(): boolean
  /** What the action does in this state, for people. */
  label(state: State, action: number): string
}

/** What must be true. */
export interface Property {
  /** A few words, to be known by. */
  readonly name: string
  /** What it says, in one sentence. */
  readonly sentence: string
  /**
   * `always`: in every reachable state. `at the end`: in every state where all threads have finished. `eventually`: from every
   * reachable state on, once no more outside events come, every fair run ends where it holds.
   */
  readonly kind: 'always' | 'at the end' | 'eventually'
  holds(state: State): boolean
}

/** Asked of every model. */
export const NO_DEADLOCK = {
  name: 'no deadlock',
  sentence: 'Whenever a thread is unfinished, some thread can go on without help from outside.',
} as const

/** A run: it can be replayed action by action, and printed. */
export interface Path {
  readonly start: State
  readonly steps: readonly PathStep[]
}

export interface PathStep {
  readonly action: number
  readonly label: string
  /** After the step. */
  readonly state: State
}

/** What is known of a property after an exploration. Nothing is said that was not looked at. */
export type Verdict =
  /** In every one of the `states` that can be reached. */
  | { readonly property: string; readonly kind: 'holds'; readonly states: number }
  /** The path leads to where it does not hold; `loop` goes from there to there again, for ever. Shortest when found breadth first. */
  | { readonly property: string; readonly kind: 'fails'; readonly path: Path; readonly loop?: Path }
  /** It held in all of the `states` visited, and there may be more. */
  | { readonly property: string; readonly kind: 'unfinished'; readonly states: number; readonly because: Unfinished }

/** Why not everything was visited: a budget was used up, the caller said stop, every property had failed, or walks are samples. */
export type Unfinished = 'states' | 'bytes' | 'stopped' | 'all failed' | 'samples'
