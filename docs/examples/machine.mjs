// An RMPUPDATE takes the optimisation away from every core; RMPOPT gives it back to one.
import { enableSnp, Machine, planMachine } from 'rmpopt/machine'

const machine = new Machine(planMachine({ memoryGib: 4, cores: 2 }))
enableSnp(machine)

const GIB = 2 ** 30
const verify = { name: 'RMPOPT', rax: 2 * GIB, rcx: 0 }
const assign = (assigned) => ({
  name: 'RMPUPDATE',
  rax: 2 * GIB,
  input: { gpa: 0, assigned, size: '4K', immutable: false, asid: assigned ? 1 : 0 },
})

console.log(machine.execute(0, verify)) // the first core scans
console.log(machine.execute(1, verify)) // the second finds the result
machine.execute(0, assign(true))
console.log(machine.optimisedOn(2).size, 'cores have region 2 optimised')
machine.execute(0, assign(false))
console.log(machine.execute(1, verify)) // nothing cached: it scans
console.log(machine.optimisedOn(2).size, 'core has')
