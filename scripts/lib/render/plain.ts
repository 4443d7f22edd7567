import type { Catalogue } from '@nebula/stack/catalogue/schema'
import type { StackEvent } from '@nebula/stack/driver/events'
import type { Renderer } from './renderer.ts'
import { formatMs, stateMark, stepMark, titleOf } from './words.ts'

/** One line a change, for CI, pipes and log files. */
export function plainRenderer(catalogue: Catalogue, write: (line: string) => void): Renderer {
  const line = (event: StackEvent): string | null => {
    switch (event.type) {
      case 'mode':
        return `${event.mode} mode: ${event.reason}`
      case 'step': {
        if (event.state === 'started') return null
        const time = event.state === 'done' && event.ms !== undefined ? ` (${formatMs(event.ms)})` : ''
        return `${stepMark(event.state)} ${event.id}: ${event.message}${time}`
      }
      case 'service': {
        const { id, state, reason, standIn, hint } = event.status
        const more = [reason, standIn ? `stand-in: ${standIn}` : ''].filter(Boolean).join('; ')
        const help = hint ? `\n  → ${hint}` : ''
        return `${stateMark(state)} ${titleOf(catalogue, id)}: ${state}${more ? ` (${more})` : ''} at ${formatMs(event.ms)}${help}`
      }
    }
  }
  return {
    onEvent(event) {
      const text = line(event)
      if (text !== null) write(text)
    },
    stop() {},
  }
}
