import { extname } from 'node:path'
import { type LoadedScenario, scenariosFrom, UserError } from '../lab/index.ts'
import { addressOf, importDefault, isModulePath } from './module.ts'

/** Whether this is the path of scenarios for the adversary rather than the name of one. */
export function isCheckScenarioPath(text: string): boolean {
  return /[\\/]/.test(text) || extname(text) !== ''
}

/**
 * Reads scenarios for the adversary: a module whose default export is one, or a list of them.
 * @throws UserError for a file that cannot be read or holds none
 */
export async function readCheckScenarios(path: string): Promise<LoadedScenario[]> {
  if (!isModulePath(path))
    throw new UserError(`${path}: is no module; a scenario is code: give a file that ends in .js, .mjs or .ts`)
  return loadCheckScenarios(addressOf(path), path)
}

/** @param where what to call the module in messages */
export async function loadCheckScenarios(url: string, where: string): Promise<LoadedScenario[]> {
  const scenarios = scenariosFrom(await importDefault(url, where), where)
  return scenarios.map((scenario) => ({ ...scenario, module: url, path: where }))
}
