/*
 * The race of states.ts in Promela, step for step: three CPUs that each execute RMPOPT(verify) of a region twice, and one that
 * assigns a page of it and takes it back, twice. A region has two huge pages; the page lies in the second.
 * What each RMPOPT has answered is remembered, as the model of src/check/ does.
 */
#define SCANNERS 3
#define ROUNDS 2
#define BITS 7 /* all scanners' bits */

bool assigned, cached, locked
byte optimised          /* a bit for each core */
bool open[SCANNERS], lost[SCANNERS]

#define LOSE(c) lost[c] = open[c]
#define CLEAR optimised = 0; cached = false; LOSE(0); LOSE(1); LOSE(2)
/* cf and whether the result was cached */
#define ANSWER(cf, how) answers = answers * 4 + 2 * (cf) + (how); open[c] = false; lost[c] = false; round++

proctype rmpopt(byte c) {
  byte round, answers
end:
  do
  :: d_step { round < ROUNDS -> open[c] = true } /* begin */
    if /* look up */
    :: cached ->
      d_step { /* publish */
        if
        :: lost[c] -> optimised = optimised & (BITS - (1 << c)); ANSWER(0, 1)
        :: else -> cached = true; optimised = optimised | (1 << c); ANSWER(1, 1)
        fi
      }
    :: else ->
      skip /* read summary: the first is empty */
      if /* read summary */
      :: d_step { assigned -> optimised = optimised & (BITS - (1 << c)); ANSWER(0, 0) }
      :: !assigned ->
        d_step { /* publish */
          if
          :: lost[c] -> optimised = optimised & (BITS - (1 << c)); ANSWER(0, 0)
          :: else -> cached = true; optimised = optimised | (1 << c); ANSWER(1, 0)
          fi
        }
      fi
    fi
  od
}

proctype rmpupdate() {
  byte round
end:
  do
  :: round < ROUNDS -> /* assign: begin */
    locked = true /* lock */
    assigned = true /* write */
    d_step { CLEAR } /* broadcast */
    locked = false /* shoot down */
    skip /* take back: begin */
    locked = true /* lock */
    d_step { assigned = false; cached = false } /* write */
    d_step { /* shoot down */
      locked = false
      round++
    }
  od
}

init {
  atomic {
    run rmpopt(0)
    run rmpopt(1)
    run rmpopt(2)
    run rmpupdate()
  }
end:
  false
}
