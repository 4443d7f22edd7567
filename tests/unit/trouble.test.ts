import path from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import type { ServiceStatus } from '@nebula/stack/driver/serviceStatus'
import { expect, onTestFinished, test, vi } from 'vitest'
import { reportFailures } from '../../scripts/lib/failures.ts'
import { liveRenderer } from '../../scripts/lib/render/live.ts'
import { plainRenderer } from '../../scripts/lib/render/plain.ts'
import { fold } from '../../scripts/lib/render/words.ts'
import { troubleList } from '../../scripts/lib/summary.ts'
import { repository } from '../lib/checkout.ts'

const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
const trouble: ServiceStatus = {
  id: 'temporal-ui',
  state: 'starting',
  reason: 'image a/b:1 does not exist',
  hint: "grep -rn 'a/b' infra",
}

test('a log has the hint on a line of its own, to be pasted', () => {
  const lines: string[] = []
  const renderer = plainRenderer(catalogue, (line) => void lines.push(stripVTControlCharacters(line)))
  renderer.onEvent({ type: 'service', status: trouble, ms: 1200 })
  renderer.onEvent({ type: 'service', status: { id: 'temporal-ui', state: 'healthy' }, ms: 2400 })
  expect(lines.join('\n').split('\n')).toEqual([
    '◌ Temporal UI: starting (image a/b:1 does not exist) at 1.2 s',
    "  → grep -rn 'a/b' infra",
    '✓ Temporal UI: healthy at 2.4 s',
  ])
})

test('status lists what is wrong with its hint, and nothing of what is well', () => {
  const well: ServiceStatus = { id: 'postgres', state: 'healthy' }
  const list = troubleList({ catalogue, codespace: null }, [well, { ...trouble, state: 'failed' }])
  expect(stripVTControlCharacters(list)).toBe("✗ Temporal UI: image a/b:1 does not exist\n→ grep -rn 'a/b' infra")
  expect(troubleList({ catalogue, codespace: null }, [well])).toBe('')
})

test('a message is folded at spaces, keeps its indentation, and leaves long words whole', () => {
  expect(fold('one two three', 8)).toEqual(['one two', 'three'])
  expect(fold('  at file.ts', 80)).toEqual(['  at file.ts'])
  expect(fold('see https://example.com/long', 10)).toEqual(['see', 'https://example.com/long'])
  expect(fold('as long as it is', Number.POSITIVE_INFINITY)).toEqual(['as long as it is'])
})

test('a line that comes again and again is said once, with how often', async () => {
  const written: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  onTestFinished(() => write.mockRestore())
  await reportFailures(catalogue, [{ ...trouble, state: 'failed' }], async () => ['no', 'no', 'no', 'yes', 'no'])
  const lines = stripVTControlCharacters(written.join('')).split('\n')
  expect(lines.filter((line) => line.startsWith('  │ '))).toEqual(['  │ no (3 times)', '  │ yes', '  │ no'])
})

test('a warning is shown whole on a terminal, in lines that fit', () => {
  const screen: string[] = []
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 60, rows: 40 })
  stream.on('data', (chunk: Buffer) => screen.push(stripVTControlCharacters(String(chunk))))
  // Only what the renderer uses of a terminal is there.
  const renderer = liveRenderer(catalogue, stream as unknown as NodeJS.WriteStream)
  const message = `not in the cluster's registry (no space left on device): the node pulls from docker.io: postgres:16-alpine`
  renderer.onEvent({ type: 'step', id: 'images', state: 'warning', message })
  renderer.stop()
  const lines = screen.join('').split('\n')
  expect(lines.map((line) => line.trim()).join(' ')).toContain(message)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60)
})
