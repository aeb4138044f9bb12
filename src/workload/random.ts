import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A source of random numbers; equal seeds give equal numbers. */
export interface Random {
  /** Uniform in (0, 1), in steps of 2^-32. */
  uniform(): number
  /** Normal, with mean 0 and standard deviation 1. */
  normal(): number
}

/** @param seed an integer of 0..2^32-1 */
export function randomFrom(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32
  return { uniform, normal: () => normalFrom(uniform) }
}

/** Marsaglia's polar method. Its second value is thrown away: a source without hidden state is easier to reason about. */
function normalFrom(uniform: () => number): number {
  for (;;) {
    const [x, y] = [2 * uniform() - 1, 2 * uniform() - 1]
    const square = x * x + y * y
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square)
  }
}
