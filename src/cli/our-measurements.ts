import { fileURLToPath } from 'node:url'

/** The table that comes with the program. */
export const OUR_MEASUREMENTS = fileURLToPath(new URL('../../data/measurements.yaml', import.meta.url))
