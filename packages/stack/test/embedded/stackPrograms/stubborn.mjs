// Does not end when it is asked to, and has a child.
import { spawn } from 'node:child_process'
import { print, serve } from './serve.mjs'

const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
print(`child ${child.pid}`)
serve({ end: () => {} })
