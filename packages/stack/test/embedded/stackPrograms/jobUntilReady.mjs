import { existsSync } from 'node:fs'

process.exit(existsSync('ready') ? 0 : 4)
