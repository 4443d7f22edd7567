import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished, vi } from 'vitest'

/** What a fake program answers: matched against its whole command line, first match wins. */
export interface Answer {
  readonly when: RegExp
  readonly stdout?: string
  readonly stderr?: string
  readonly exitCode?: number
}

/**
 * Puts fake docker, k3d, ctlptl, kubectl, sudo and tilt first on PATH for one test, and records how they were called.
 * What no answer matches succeeds and prints nothing.
 */
export function fakeTools(answers: readonly Answer[]): { calls: () => readonly string[] } {
  const folder = mkdtempSync(path.join(tmpdir(), 'nebula-tools-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const log = path.join(folder, 'calls')
  writeFileSync(log, '')
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  const rules = answers.map(({ when, ...answer }) => ({ when: when.source, ...answer }))
  // The path of the checkout, and so of Node.js, may hold a space; the first line of a script must not.
  const node = path.join(folder, 'node')
  symlinkSync(process.execPath, node)
  const program = `#!${node}
const { appendFileSync } = require('node:fs')
const line = [require('node:path').basename(__filename), ...process.argv.slice(2)].join(' ')
appendFileSync(${JSON.stringify(log)}, line + '\\n')
const answer = ${JSON.stringify(rules)}.find((rule) => new RegExp(rule.when).test(line)) ?? {}
process.stdout.write(answer.stdout ?? '')
process.stderr.write(answer.stderr ?? '')
process.exitCode = answer.exitCode ?? 0
`
  for (const tool of ['docker', 'k3d', 'ctlptl', 'kubectl', 'sudo', 'tilt']) {
    writeFileSync(path.join(bin, tool), program)
    chmodSync(path.join(bin, tool), 0o755)
  }
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  return { calls: () => readFileSync(log, 'utf8').split('\n').filter(Boolean) }
}
