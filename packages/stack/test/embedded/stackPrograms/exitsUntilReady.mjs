import { existsSync } from 'node:fs'
import { serve } from './serve.mjs'

if (!existsSync('ready')) process.exit(3)
serve()
