/** What a worker thread runs. */
export { runHost as default } from '../lab/index.ts'
