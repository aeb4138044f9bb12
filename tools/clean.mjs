// Removes a build folder, so that a file deleted from src/ does not live on in dist/.
import { rmSync } from 'node:fs'

rmSync(process.argv[2], { recursive: true, force: true })
