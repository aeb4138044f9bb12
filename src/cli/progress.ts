/** Work that tells how far it is: in one line on a terminal, which is gone when the work is over; nothing in a pipe. */
export async function withProgress<T>(work: (tell: (text: string) => void) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work(() => {})
  let length = 0
  const show = (whole: string) => {
    const text = whole.slice(0, (process.stderr.columns || COLUMNS) - 1) // on a second line it would stay
    process.stderr.write(`\r${text.padEnd(length)}`)
    length = text.length
  }
  try {
    return await work((text) => show(`rmpopt: ${text} …`))
  } finally {
    show('')
    process.stderr.write('\r')
  }
}

/** Of a terminal that does not say how wide it is. */
const COLUMNS = 80
