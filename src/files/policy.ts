import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMap } from 'yaml'
import { type LoadedPolicy, type PolicyRef, policyFrom, resolvePolicy, UserError } from '../lab/index.ts'
import { fileProblem } from './problem.ts'
import { located, readYaml, type YamlKind } from './yaml.ts'

const YAML_ENDS = ['.yaml', '.yml']
const MODULE_ENDS = ['.js', '.mjs', '.ts', '.mts']

/** Whether this is the path of a policy rather than the name of one. */
export function isPolicyPath(text: string): boolean {
  return [...YAML_ENDS, ...MODULE_ENDS].includes(extname(text))
}

/**
 * Reads a policy: a point of the space from YAML, or a module whose default export is a policy.
 * @throws UserError for a file that cannot be read or is no policy
 */
export async function readPolicy(path: string): Promise<PolicyRef> {
  if (MODULE_ENDS.includes(extname(path))) return loadPolicy(pathToFileURL(resolve(path)).href, path)
  const yaml = await readYaml(path, POLICY)
  if (!isMap(yaml.document.contents))
    throw new UserError(`${path}: holds no policy; write lines such as "name: mine" and "when: teardown"`)
  return located(path, yaml, () => resolvePolicy(yaml.content, path, ''))
}

const POLICY: YamlKind = {
  name: 'policy',
  insteadOfLarge: 'give a file with the axes of one policy',
  insteadOfText: 'save it as UTF-8',
}

/** Loads a module's policy. TypeScript wants a Node that strips types. @param where what to call it in messages */
export async function loadPolicy(url: string, where = url): Promise<LoadedPolicy> {
  if (!existsSync(new URL(url))) throw fileProblem(where, Object.assign(new Error('no such file'), { code: 'ENOENT' }))
  let exported: unknown
  try {
    exported = ((await import(url)) as { default?: unknown }).default
  } catch (error) {
    const [why] = (error as Error).message.split('\n')
    throw new UserError(`${where}: cannot be loaded (${why}); give a module that Node ${process.versions.node} can import`)
  }
  return { ...policyFrom(exported, where), module: url, path: where }
}
