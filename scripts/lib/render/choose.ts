import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { liveRenderer } from './live.ts'
import { plainRenderer } from './plain.ts'
import type { Renderer } from './renderer.ts'

/** How a command shows its work: live on a terminal, a line a change elsewhere and in CI, JSON lines, or not at all. */
export function chooseRenderer(catalogue: Catalogue, options: { json: boolean; quiet: boolean }): Renderer {
  if (options.json) return { onEvent: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`), stop() {} }
  if (options.quiet) return { onEvent() {}, stop() {} }
  if (process.stderr.isTTY && !process.env.CI) return liveRenderer(catalogue, process.stderr)
  return plainRenderer(catalogue, (line) => void process.stderr.write(`${line}\n`))
}
