import { appendFileSync } from 'node:fs'
import path from 'node:path'

appendFileSync('trace', `${path.basename(import.meta.filename, '.mjs')} done\n`)
