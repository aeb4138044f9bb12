import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CsvReader, type Trace, UserError } from '../workload/index.ts'

/** Reads a trace from the bytes of a text file, in pieces. */
export async function readTextTrace(
  path: string,
  bytes: AsyncIterable<Buffer>,
  options: { readonly gzip: boolean; readonly skipBadRows?: boolean },
): Promise<Trace> {
  const reader = new CsvReader(path, options)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of options.gzip ? unzipped(bytes) : bytes) reader.push(decoded(path, reader, decoder, chunk))
  reader.push(decoded(path, reader, decoder))
  return reader.finish()
}

function unzipped(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // An error on either side destroys both streams, and who reads this one gets it.
  return pipeline(Readable.from(bytes), createGunzip({ chunkSize: CHUNK_BYTES }), () => {})
}

const CHUNK_BYTES = 256 * 1024

/** The text of the next bytes, or, without any, of what is left of a character at the end. A byte-order mark is taken away. */
function decoded(path: string, reader: CsvReader, decoder: Decoder, chunk?: Buffer): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch {
    throw new UserError(`${path}:${reader.line + (chunk ? goodLines(chunk) : 0)}: is not UTF-8 text; save it as UTF-8`)
  }
}

type Decoder = InstanceType<typeof TextDecoder>

/** Lines of a chunk before the first that is not UTF-8; 0 when only a character cut at the start of the chunk can be bad. */
function goodLines(chunk: Buffer): number {
  let start = chunk.findIndex((byte) => (byte & 0xc0) !== CONTINUATION)
  for (let lines = 0; start >= 0 && start < chunk.length; lines++) {
    const newline = chunk.indexOf(0x0a, start)
    const end = newline < 0 ? chunk.length : newline + 1
    // Only the last line of a chunk may end within a character.
    if (!isUtf8(chunk.subarray(start, end), newline < 0)) return lines
    start = end
  }
  return 0
}

/** The upper two bits of every byte of a UTF-8 character but the first. */
const CONTINUATION = 0x80

function isUtf8(bytes: Buffer, mayBeCut: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayBeCut })
    return true
  } catch {
    return false
  }
}
