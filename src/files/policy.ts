import { extname } from 'node:path'
import { isMap } from 'yaml'
import { type LoadedPolicy, type PolicyRef, policyFrom, resolvePolicy, UserError } from '../lab/index.ts'
import { addressOf, importDefault, isModulePath } from './module.ts'
import { located, readYaml, type YamlKind } from './yaml.ts'

const YAML_ENDS = ['.yaml', '.yml']

/** Whether this is the path of a policy rather than the name of one. */
export function isPolicyPath(text: string): boolean {
  return YAML_ENDS.includes(extname(text)) || isModulePath(text)
}

/**
 * Reads a policy: a point of the space from YAML, or a module whose default export is a policy.
 * @throws UserError for a file that cannot be read or is no policy
 */
export async function readPolicy(path: string): Promise<PolicyRef> {
  if (isModulePath(path)) return loadPolicy(addressOf(path), path)
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

/** Loads a module's policy. @param where what to call it in messages */
export async function loadPolicy(url: string, where = url): Promise<LoadedPolicy> {
  return { ...policyFrom(await importDefault(url, where), where), module: url, path: where }
}
