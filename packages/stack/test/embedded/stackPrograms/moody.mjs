import { existsSync } from 'node:fs'
import { serve } from './serve.mjs'

serve({ status: () => (existsSync('broken') ? 500 : 200) })
