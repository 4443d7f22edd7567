// Writes down what it does and when, beside the other services.
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { serve } from './serve.mjs'

const name = path.basename(import.meta.filename, '.mjs')
serve({ say: (text) => appendFileSync('trace', `${name} ${text}\n`) })
