import { print, printJson, screenOptions } from './output.ts'

/** `rmpopt policies` */
export async function policiesCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const { POLICIES } = await import('../lab/index.ts')
  const policies = POLICIES.map(({ name, summary, when, what, who }) => ({ name, summary, when, what, who }))
  if (json) return printJson({ schema: 'rmpopt.policies/1', policies })
  const { policiesScreen } = await import('../report/index.ts')
  print(policiesScreen(policies, screenOptions()))
}
