import { closest, distance } from 'fastest-levenshtein'

/** The known name that was probably meant; `undefined`: none is near enough. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const found = closest(given.toLowerCase(), known.map((name) => name.toLowerCase()) as string[])
  const best = known.find((name) => name.toLowerCase() === found)
  return best !== undefined && distance(given.toLowerCase(), found) <= Math.max(2, Math.ceil(found.length / 3)) ? best : undefined
}
