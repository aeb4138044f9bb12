// RMPUPDATE against RMPOPT in every interleaving: is a region ever left optimised with an assigned page in it?
import { enableSnp, Machine, microSteps, planMachine } from 'rmpopt/machine'

const verify = { name: 'RMPOPT', rax: 0, rcx: 0 }
const assign = { name: 'RMPUPDATE', rax: 0, input: { gpa: 0, assigned: true, size: '4K', immutable: false, asid: 1 } }

let schedules = 0
const verdicts = new Set()
for (let before = 0; before <= 514; before++) {
  for (let between = 0; between <= 4; between++) {
    const machine = enableSnp(new Machine(planMachine({ memoryGib: 2, cores: 2 })))
    const scan = microSteps(machine, 0, verify)
    const update = microSteps(machine, 1, assign)
    const advance = (steps, count) => {
      for (let i = 0; i < count; i++) if (steps.next().done) return
    }
    advance(scan, before) // the scan gets so far,
    advance(update, between) // then the update so far,
    advance(scan, Number.POSITIVE_INFINITY) // then the scan runs to its end,
    advance(update, Number.POSITIVE_INFINITY) // and the update to its own
    verdicts.add(machine.optimisedOn(0).size === 0 ? 'not optimised' : 'OPTIMISED')
    schedules++
  }
}
console.log(`${schedules} schedules: ${[...verdicts].join(', ')}`)
