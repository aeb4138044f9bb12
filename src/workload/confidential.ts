/**
 * Whether a batch is confidential. A tenant's batch is confidential as a whole or not at all, and the traces do not say
 * which are, so the share of such batches is a parameter.
 *
 * A pure function of its arguments: each batch has a fixed place in [0, 1), and the batches below `share` are
 * confidential. Raising the share therefore only adds batches.
 *
 * @param batch number of the batch, an integer of 0..2^32-1
 * @param seed picks the order in which batches become confidential; an integer, its low 32 bits count
 * @param share expected share of confidential batches; 0: none, 1: all
 */
export function isConfidential(batch: number, seed: number, share: number): boolean {
  return mix(mix(batch + 0x9e3779b9) ^ mix(seed + 0x7f4a7c15)) / 2 ** 32 < share
}

/** The 32-bit finaliser of MurmurHash3: every bit of the input changes half the bits of the output. */
function mix(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
