/** A set of small numbers, one bit each. */
export class Bitmap {
  private readonly words: Int32Array

  /** @param bits numbers 0 .. bits − 1 may be in the set; none is at first */
  constructor(bits: number) {
    this.words = new Int32Array(Math.ceil(bits / 32))
  }

  has(bit: number): boolean {
    return ((this.words[bit >>> 5] >>> (bit & 31)) & 1) === 1
  }

  add(bit: number): void {
    this.words[bit >>> 5] |= 1 << (bit & 31)
  }

  delete(bit: number): void {
    this.words[bit >>> 5] &= ~(1 << (bit & 31))
  }

  /** Adds first .. end − 1. */
  addRange(first: number, end: number): void {
    for (let bit = first; bit < end; bit = (bit | 31) + 1) this.words[bit >>> 5] |= maskFrom(bit, end)
  }

  /** Whether all of first .. end − 1 are in it. */
  hasRange(first: number, end: number): boolean {
    for (let bit = first; bit < end; bit = (bit | 31) + 1) {
      const mask = maskFrom(bit, end)
      if ((this.words[bit >>> 5] & mask) !== mask) return false
    }
    return true
  }

  /** Removes first .. end − 1. */
  deleteRange(first: number, end: number): void {
    for (let bit = first; bit < end; bit = (bit | 31) + 1) this.words[bit >>> 5] &= ~maskFrom(bit, end)
  }

  /** The lowest member from `from` on, which must exist. */
  lowest(from: number): number {
    let word = from >>> 5
    let bits = this.words[word] & (-1 << (from & 31))
    while (bits === 0) bits = this.words[++word]
    return word * 32 + 31 - Math.clz32(bits & -bits)
  }

  /** The highest member up to and with `to`, which must exist. */
  highest(to: number): number {
    let word = to >>> 5
    let bits = this.words[word] & (-1 >>> (31 - (to & 31)))
    while (bits === 0) bits = this.words[--word]
    return word * 32 + 31 - Math.clz32(bits)
  }
}

/** Of the word that holds `bit`, the bits from `bit` on and below `end`. */
function maskFrom(bit: number, end: number): number {
  return (-1 >>> (32 - Math.min(end - bit, 32 - (bit & 31)))) << (bit & 31)
}
