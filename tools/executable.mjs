// Marks a file executable: tsc does not, and npm does so only when it installs.
import { chmodSync } from 'node:fs'

chmodSync(process.argv[2], 0o755)
