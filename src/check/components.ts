import type { Graph } from './graph.ts'
import type { Model } from './model.ts'

/** The strongly connected components of a graph without outside events (Tarjan's algorithm, without recursion). */
export class Components {
  readonly #model: Model
  readonly #graph: Graph
  readonly #from: Int32Array
  readonly #to: Int32Array
  /** Of each state its component. */
  readonly of: Int32Array
  readonly inside: readonly number[]
  /** Of each component and inside action whether it is disabled somewhere in it, and leads from somewhere in it to somewhere in it. */
  readonly #disabled: Uint8Array
  readonly #stays: Uint8Array

  constructor(model: Model, graph: Graph) {
    this.#model = model
    this.#graph = graph
    this.#from = new Int32Array(model.words)
    this.#to = new Int32Array(model.words)
    this.of = new Int32Array(graph.states.count).fill(-1)
    this.inside = Array.from({ length: model.actions }, (_, action) => action).filter((action) => !model.isOutside?.(action))
    const count = this.#find()
    this.#disabled = new Uint8Array(count * this.inside.length)
    this.#stays = new Uint8Array(count * this.inside.length)
    this.#judge()
  }

  /** Where an action leads from a state, as a number; -1: it is disabled. */
  next(index: number, action: number): number {
    this.#graph.states.read(index, this.#from)
    return this.#model.step(this.#from, action, this.#to) ? this.#graph.states.indexOf(this.#to) : -1
  }

  /** Whether a fair run may come to this state again and again. */
  mayStayAt(index: number): boolean {
    const component = this.of[index]
    const isAny = this.inside.some((action) => this.stays(component, action))
    return isAny && this.inside.every((action, at) => this.stays(component, action) || this.#disabled[this.#slot(component, at)])
  }

  /** Whether the action leads from somewhere in the component to somewhere in it. */
  stays(component: number, action: number): boolean {
    return this.#stays[this.#slot(component, this.inside.indexOf(action))] === 1
  }

  #slot(component: number, at: number): number {
    return component * this.inside.length + at
  }

  #judge(): void {
    for (let index = 0; index < this.of.length; index++) {
      const component = this.of[index]
      for (const [at, action] of this.inside.entries()) {
        const next = this.next(index, action)
        if (next < 0) this.#disabled[this.#slot(component, at)] = 1
        else if (this.of[next] === component) this.#stays[this.#slot(component, at)] = 1
      }
    }
  }

  /** @returns how many there are */
  #find(): number {
    const { count } = this.#graph.states
    const order = new Int32Array(count).fill(-1)
    const low = new Int32Array(count)
    const open: number[] = []
    let seen = 0
    let components = 0
    const enter = (index: number): [index: number, action: number] => {
      order[index] = low[index] = seen++
      open.push(index)
      return [index, 0]
    }
    for (let root = 0; root < count; root++) {
      if (order[root] >= 0) continue
      const stack = [enter(root)]
      while (stack.length > 0) {
        const frame = stack[stack.length - 1]
        const [index, at] = frame
        if (at < this.inside.length) {
          frame[1]++
          const next = this.next(index, this.inside[at])
          if (next < 0) continue
          if (order[next] < 0) stack.push(enter(next))
          else if (this.of[next] < 0) low[index] = Math.min(low[index], order[next])
          continue
        }
        stack.pop()
        if (stack.length > 0) low[stack[stack.length - 1][0]] = Math.min(low[stack[stack.length - 1][0]], low[index])
        if (low[index] !== order[index]) continue
        for (let member = -1; member !== index; ) {
          member = open.pop() as number
          this.of[member] = components
        }
        components++
      }
    }
    return components
  }
}
