import type { Catalogue } from '@nebula/stack/catalogue/schema'
import type { OnEvent } from '@nebula/stack/driver/events'
import { liveRenderer } from './live.ts'
import { plainRenderer } from './plain.ts'
import type { Renderer } from './renderer.ts'

export interface RenderOptions {
  /** One JSON object a line on stdout. */
  readonly json?: boolean | undefined
  /** Nothing at all. */
  readonly quiet?: boolean | undefined
}

/**
 * Runs an action and shows what it reports: live on a terminal, a line a change elsewhere and in CI, JSON lines, or not
 * at all.
 * @throws what `action` throws, with the last state left on the screen.
 */
export async function withRenderer<T>(
  catalogue: Catalogue,
  options: RenderOptions,
  action: (onEvent: OnEvent) => Promise<T>,
): Promise<T> {
  const renderer = chooseRenderer(catalogue, options)
  try {
    return await action(renderer.onEvent)
  } finally {
    renderer.stop()
  }
}

function chooseRenderer(catalogue: Catalogue, { json, quiet }: RenderOptions): Renderer {
  if (json) return { onEvent: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`), stop() {} }
  if (quiet) return { onEvent() {}, stop() {} }
  if (process.stderr.isTTY && !process.env.CI) return liveRenderer(catalogue, process.stderr)
  return plainRenderer(catalogue, (line) => void process.stderr.write(`${line}\n`))
}
