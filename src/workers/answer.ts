import { UserError } from '../lab/index.ts'

/** What comes back from a thread: an outcome, or what is wrong with the input, since an error loses its class on the way. */
export type Answer<Outcome> = { readonly outcome: Outcome } | { readonly problem: string }

export async function answered<Outcome>(work: () => Promise<Outcome>): Promise<Answer<Outcome>> {
  try {
    return { outcome: await work() }
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message }
    throw error
  }
}
