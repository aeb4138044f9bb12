import { UserError } from '../workload/index.ts'

/** What went wrong with a file, as a `UserError` when it is the file's doing; anything else as it is: a bug of ours. */
export function fileProblem(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (error instanceof UserError || code === undefined) return error
  if (code.startsWith('Z_')) return new UserError(`${path}: ${GZIP_PROBLEMS[code] ?? 'is damaged'}; get the file again`)
  if (code.startsWith('ERR_') && code !== 'ERR_FS_FILE_TOO_LARGE') return error
  return new UserError(`${path}: ${FILE_PROBLEMS[code] ?? `cannot be read (${code}); check the file`}`)
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; check the name',
  ENOTDIR: 'there is no such file; check the name',
  EISDIR: 'is a directory; name a file in it',
  EACCES: 'may not be read; check its permissions',
  EPERM: 'may not be read; check its permissions',
  ENAMETOOLONG: 'the name is too long; check it',
  ELOOP: 'links in a circle; check the name',
}

const GZIP_PROBLEMS: Readonly<Record<string, string>> = {
  Z_BUF_ERROR: 'ends in the middle of its gzip data',
  Z_DATA_ERROR: 'has damaged gzip data',
}
