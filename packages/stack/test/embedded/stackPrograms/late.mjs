import { existsSync } from 'node:fs'
import { serve } from './serve.mjs'

serve({ status: () => (existsSync('ready') ? 200 : 503) })
