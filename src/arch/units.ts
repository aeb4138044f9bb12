/**
 * Units and the names for plain numbers that must not be mixed up.
 *
 * The types are *flavours*: a plain `number` may be given where an `Spa` is wanted, an `Spa` may not be given where a
 * `RegionIndex` is. They cost nothing at run time.
 */
type Flavour<Name extends string> = number & { readonly __flavour?: Name }

/** System physical address in bytes, at most 52 bits: exact in a `number`. */
export type Spa = Flavour<'Spa'>
/** Guest physical address in bytes, at most 51 bits (39-bit frame number): exact in a `number`. */
export type Gpa = Flavour<'Gpa'>
/** Number of a 4 KiB page of system memory: SPA ÷ page size. */
export type Pfn = Flavour<'Pfn'>
/** Number of a 2 MiB huge page of system memory. */
export type HugeIndex = Flavour<'HugeIndex'>
/** Number of a 1 GiB region of system memory. */
export type RegionIndex = Flavour<'RegionIndex'>
/** Number of a logical CPU (a thread). */
export type CpuId = Flavour<'CpuId'>
/** Number of a core. */
export type CoreId = Flavour<'CoreId'>
/** Simulated time in nanoseconds: exact for 104 days. */
export type Ns = Flavour<'Ns'>

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB
export const TIB = 1024 * GIB

export const US = 1_000
export const MS = 1_000_000
export const SECOND = 1_000_000_000
export const DAY = 86_400 * SECOND

/** Throws when what cannot be is: a bug of ours, never the user's input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}
