/** The litmus language: what is understood, what is refused and how it is said, how it is printed, what its words mean. */
import { describe, expect, it } from 'vitest'
import { formatLitmus } from './format.ts'
import { parseLitmus } from './parse.ts'
import { LitmusProblem } from './problem.ts'
import { type LitmusOutcome, runLitmus } from './run.ts'

const run = (text: string): LitmusOutcome => runLitmus(parseLitmus(text))

function problemOf(text: string): string {
  try {
    run(text)
  } catch (error) {
    if (error instanceof LitmusProblem) return `${error.place.line}:${error.place.column}: ${error.message}`
    throw error
  }
  return 'none'
}

const MESSY = `LITMUS x   ; a name
"What it is about,"
 "in two lines."
source "§6.9"


machine    cores=2
; who is where
init
page3:Guest-Valid   asid=1 gpa=page3
 [page3]=7
region1   optimised on CPU0 ,CPU1 ; both
CPU0: rmpopt region1,report
cpu0 | CPU1 guest asid=1
a :rmpopt region0 , verify | mov [page3],5
; in between
| MOV EAX,[page3]
mov eax , [page2]
show a:CF
exists (a:CF=0 /\\ ~optimised(region0)) \\/ a:CF = 1
forall a:CF=1=>(optimised(region0) or cached(region0)) and not (a:CF = 0 and a:CF != 1)
`

const TIDY = `litmus x  ; a name
"What it is about,"
"in two lines."
source "§6.9"

machine cores=2
; who is where

init
  page3: Guest-Valid asid=1 gpa=page3
  [page3] = 7
  region1 optimised on CPU0, CPU1  ; both
  CPU0: RMPOPT region1, report

CPU0                        | CPU1 guest asid=1
  a: RMPOPT region0, verify |   MOV [page3], 5
; in between
                            |   MOV eax, [page3]
  MOV eax, [page2]

show a:CF
exists a:CF = 0 and not optimised(region0) or a:CF = 1
forall a:CF = 1 => (optimised(region0) or cached(region0)) and not (a:CF = 0 and a:CF != 1)
`

describe('printing', () => {
  it('makes a messy file tidy, and keeps its comments', () => {
    const printed = formatLitmus(parseLitmus(MESSY)).replaceAll('EAX', 'eax')
    expect(printed).toBe(TIDY.replace('; who is where\n\ninit', '; who is where\ninit'))
  })

  it('changes nothing the second time, and not what comes of it', () => {
    const once = formatLitmus(parseLitmus(MESSY))
    expect(formatLitmus(parseLitmus(once))).toBe(once)
    expect(run(once)).toEqual(run(MESSY))
  })
})

const body = (rows: string, condition = 'exists CPU0:CF = 1') => `litmus x\nCPU0 | CPU1\n${rows}\n${condition}\n`
const init = (line: string) => `litmus x\ninit\n${line}\nCPU0\nRMPOPT region0, verify\nexists CPU0:CF = 1\n`

describe('what is wrong is said with its place, and what to do', () => {
  it.each([
    ['', '1:1: the file is empty; begin with "litmus NAME"'],
    ['CPU0\n', '1:1: expected "litmus NAME" first, not "CPU0"'],
    ['X86 race\n', '1:1: expected "litmus NAME" first, not "X86"'],
    ['litmus my race\n', '1:11: expected a name of one word such as my-race, not "race"'],
    ['litmus\n', '1:7: expected a name, not the end of the line'],
    ['litmus x\n', '1:1: there is no program; add a line such as "CPU0 | CPU1" and what they do below it'],
    ['litmus x\nCPU0\nWBINVD\n', '3:1: nothing is asked; end with exists, forall or never and a condition'],
    ['litmus x\nlitmus y\nCPU0\nexists [page0]', '2:1: there is a second one of these lines; keep one'],
    [
      'litmus x\nfoo\n',
      '2:1: expected litmus, a description in quotes, source, machine, init or a line of CPUs such as "CPU0 | CPU1", not "foo"',
    ],
    ['litmus x\n"open\n', '2:1: the text does not end on this line; close it with "'],
    ['litmus x\nmachine cores=9\nCPU0\nexists [page0]', '2:15: 9 is out of range; give 1 to 4'],
    ['litmus x\nmachine coers=2\nCPU0\nexists [page0]', '2:9: "coers" is no setting of a machine; did you mean cores?'],
    ['litmus x\nmachine segmented=maybe\nCPU0\nexists [page0]', '2:19: "maybe" is neither; give yes or no'],
    [
      'litmus x\nmachine outOfReach=1\nCPU0\nexists [page0]',
      '2:20: "1" is no value of outOfReach; choose one of report-0, unspecified',
    ],
    [init('snp of'), '3:5: "of" is no state of snp; choose one of off, enabled, on'],
    [init('page3: Guest-Vlaid'), '3:8: "Guest-Vlaid" is no page state; did you mean Guest-Valid?'],
    [
      init('page0: Guest-Valid\nregion0 optimised on CPU0'),
      '4:1: region0 cannot be optimised on CPU0 as things stand; move the line up, or leave it out',
    ],
    [init('region0: Firmware'), '3:1: a region has no entry; write page0 or huge0'],
    [body('RMPOTP region0 |'), '3:1: "RMPOTP" is no instruction; did you mean RMPOPT?'],
    [body('RMPOPT |'), '3:1: RMPOPT needs a region such as region0; add it'],
    [body('RMPOPT region0, verfy |'), '3:17: "verfy" is no operand of RMPOPT; did you mean verify?'],
    [body('WBINVD region0 |'), '3:8: WBINVD takes no "region0"; remove it'],
    [body('| RMPUPDATE page99, shared'), '3:13: "page99" is too high; there are page0 to page15'],
    [body('PVALIDATE page0, valid |'), '3:11: only an SNP guest executes this; head the column "CPU0 guest asid=1"'],
    [body('MOV EBX, [page0] |'), '3:5: a read goes to EAX; write MOV EAX, [page0]'],
    [body('MOV [page0] |'), '3:1: MOV needs a number; add it'],
    [body('MOV [page0], 1, mapping=3M |'), '3:25: "3M" is no size; choose one of 4K, 2M, 1G'],
    [body('a: WBINVD | a: WBINVD'), '3:13: the label a is taken; choose another'],
    [body('WBINVD | WBINVD | WBINVD'), '3:1: the row has 3 cells for 2 columns; remove a "|"'],
    [body('WBINVD ! WBINVD'), '3:8: "!" means nothing here; in a condition write not'],
    [body('WBINVD $ WBINVD'), '3:8: "$" means nothing here; remove it'],
    [body('WBINVD // all'), '3:8: "/" means nothing here; a comment begins with ;'],
    ['litmus x\n# why\n', '2:1: "#" means nothing here; a comment begins with ;'],
    ['litmus x\n“why”\n', '2:1: "“" means nothing here; write "'],
    [
      body('RMPUPDATE page0 assigned |'),
      '3:17: expected "," before another operand, "|" before another CPU’s column, or nothing more, not "assigned"',
    ],
    [body('CPU1: WBINVD'), '3:1: the label CPU1 is taken; choose another'],
    [body('WBINVD\nCPU1'), '4:1: CPU1 is no instruction; give it a column beside the others: "CPU0 | CPU1"'],
    [body('RMPOPT region0, verify, report |'), '3:25: "report" is one too many after what stands before it; remove one'],
    [body('MOV page0, 1 |'), '3:5: memory stands in brackets; write [page0]'],
    [
      body('WRMSR SYSCFG, SNP |'),
      '3:15: "SNP" is no value; add up numbers, addresses and enable, MFDM, MEM_ENCRYPT, SNP_EN, VMPL_EN',
    ],
    [init('page3 = 7'), '3:7: expected ":" and a page state after page3 (memory is [page3] = 1), not "="'],
    [init('region0 optimized on CPU0'), '3:9: expected "optimised on" and CPUs, not "optimized"'],
    ['litmus x\ninit page3: Firmware\n', '2:6: expected what is so before on the lines below init, not "page3"'],
    [
      'litmus x\nexists [page0]\nCPU0\n',
      '2:1: expected the program first: a line such as "CPU0 | CPU1", and what they do below it, not "exists"',
    ],
    [body('WBINVD', 'not exists [page0] = 1'), '4:1: expected exists, forall or never (which is not exists), not "not"'],
    [body('WBINVD', 'always CPU0:CF = 1'), '4:1: expected exists, forall or never before a condition, not "always"'],
    [body('WRMSR RMPOPT_BASE |'), '3:1: WRMSR needs a value such as 0 or enable; add it'],
    [body('MOV EAX, page0 |'), '3:10: expected memory such as [page0] here'],
    [body('WBINVD', 'exists [page0] == 1'), '4:17: expected a value after one "=", not "="'],
    [body('WBINVD', 'exists [page0] = 1 || [page1] = 1'), '4:20: expected and, or, => or nothing more, not "|"'],
    [body('WBINVD', 'exists optimised region0'), '4:18: expected "(" and a region after optimised, not "region0"'],
    [body('WBINVD', 'exists CF = 1'), '4:11: expected ":" and a field after "CF", as in CPU0:CF, not "="'],
    ['litmus x\nCPU0 guest 1\nWBINVD\nexists [page0]', '2:12: "1" is no operand of CPU0; choose one of guest, asid=1, vmpl=0'],
    [body('WBINVD', 'exists CPU7:CF = 1'), '4:8: "CPU7" is too high; there are CPUs 0 to 1; have more cores or threads'],
    [body('WBINVD', 'exists b:CF = 1'), '4:8: "b" is no CPU, label or page; choose one of CPU0, CPU1'],
    [body('WBINVD', 'exists CPU0:XF = 1'), /^4:13: "XF" is no register or outcome; choose one of CF, EAX, FAULT, /],
    [body('WBINVD', 'exists page0:assinged'), '4:14: "assinged" is no field of an entry; did you mean assigned?'],
    [body('WBINVD', 'exists page0:state = Guest'), /^4:22: "Guest" is no value of page0:state; choose one of Hypervisor, /],
    [
      body('WBINVD', 'never CPU0:fault = #DU'),
      '4:20: "#DU" is no value of CPU0:fault; choose one of #UD, #GP, #PF, #NPF, none, unspecified',
    ],
    [body('WBINVD', 'never [page0] = one'), '4:17: "one" is no value of [page0]; give a number'],
    [body('WBINVD', 'exists optimized(region0)'), '4:8: "optimized" is no thing to ask of a region; did you mean optimised?'],
    [body('WBINVD', 'exists (CPU0:CF = 1'), '4:20: expected ")", not the end of the line'],
    [body('WBINVD', 'exists CPU0:CF = 1\nWBINVD'), '5:1: expected exists, forall, never or show, not "WBINVD"'],
    ['litmus x\nCPU0 | CPU0\nWBINVD\nexists [page0]', '2:8: CPU0 has two columns; put them into one'],
    [
      'litmus x\nCPU0 | CPU0 guest\nWBINVD\nexists CPU0:CF = 1',
      '4:8: CPU0 has several columns; give the instruction a label and name that',
    ],
    ['litmus x\nCPU0 asid=1\nWBINVD\nexists [page0]', '2:11: only a guest has this; write guest before it'],
  ])('%j', (text, problem) => {
    expect(problemOf(text)).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem))
  })
})

describe('what is asked', () => {
  const writers = (condition: string) =>
    run(`litmus x\nCPU0 | CPU1\nMOV [page0], 1 | MOV [page0], 2\n| MOV [page1], 3\n${condition}\n`).conditions[0]

  it.each([
    ['exists [page0] = 1', true, 2, 3],
    ['exists [page0] = 3', false, 0, 0],
    ['forall [page1] = 3', true, 3, 0],
    ['forall [page0] = 2', false, 1, 3],
    ['never [page0] = 2', false, 1, 3],
    ['never [page0] = 0', true, 0, 0],
    ['forall [page0] = 1 or [page0] = 2', true, 3, 0],
    ['forall [page0] = 1 => [page1] != 3', false, 1, 3],
  ])('%s', (condition, holds, runs, witnessSteps) => {
    const judged = writers(condition)
    expect(judged).toMatchObject({ holds, runs })
    expect(judged.witness?.length ?? 0).toBe(witnessSteps)
  })

  it('binds not before and before or before =>', () => {
    const text = 'forall not [page0] = 1 and [page1] = 3 or [page0] = 1 => [page1] = 3'
    const grouped = 'forall (((not ([page0] = 1)) and ([page1] = 3)) or ([page0] = 1)) => ([page1] = 3)'
    expect(writers(grouped)).toEqual(writers(text))
  })

  it('counts outcomes by what is named: each with its runs, and one run step by step', () => {
    const { outcomes, runs } = run(
      'litmus x\nCPU0 | CPU1\nMOV [page0], 1 | MOV [page0], 2\nshow [page0], [page1]\nexists [page0] = 1\n',
    )
    expect(runs).toBe(2)
    expect(outcomes).toEqual([
      {
        values: { '[page0]': 1, '[page1]': 0 },
        runs: 1,
        witness: ['CPU1: MOV [page0], 2: begin', 'CPU0: MOV [page0], 1: begin'],
      },
      {
        values: { '[page0]': 2, '[page1]': 0 },
        runs: 1,
        witness: ['CPU0: MOV [page0], 1: begin', 'CPU1: MOV [page0], 2: begin'],
      },
    ])
  })

  it('gives a register that nothing has set no value', () => {
    const { outcomes, conditions } = run('litmus x\nCPU0\nWBINVD\nexists CPU0:CF = 0\nexists not CPU0:CF = 0\n')
    expect(outcomes[0].values).toEqual({ 'CPU0:CF': null })
    expect(conditions.map(({ holds }) => holds)).toEqual([false, true])
  })

  it('means by a CPU’s register what the last instruction has left there', () => {
    const { conditions } = run(
      'litmus x\nCPU0\nRMPOPT region0, verify\nMOV [page0], 1\nRMPUPDATE page0, assigned, asid=1\nforall CPU0:CF = 1 and CPU0:EAX = 0 and CPU0:EAX = SUCCESS\n',
    )
    expect(conditions[0].holds).toBe(true)
  })

  it('refuses what is too large, rather than say half of it', () => {
    const file = parseLitmus(body('RMPOPT region0, verify | RMPOPT region0, verify'))
    expect(() => runLitmus(file, { statesMax: 10 })).not.toThrow() // budgets are looked at every few thousand states
    const long = `litmus x\nCPU0 | CPU1\n${'RMPOPT region0, verify | RMPOPT region0, verify\n'.repeat(40)}exists CPU0:CF = 1\n`
    expect(() => runLitmus(parseLitmus(long), { statesMax: 5000 })).toThrow('more than 5000 states; make the programs shorter')
  })
})
