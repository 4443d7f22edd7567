import type { Catalogue } from '@nebula/stack/catalogue/schema'
import type { StepEvent } from '@nebula/stack/driver/events'
import type { ServiceState } from '@nebula/stack/driver/serviceStatus'
import pc from 'picocolors'

/** A duration in milliseconds for a person: `34 ms`, `0.4 s`, `12 s`, `2 min 5 s`. */
export function formatMs(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** The sign in front of a step. */
export function stepMark(state: StepEvent['state']): string {
  if (state === 'done') return pc.green('✓')
  if (state === 'warning') return pc.yellow('!')
  return pc.dim('·')
}

const MARKS: Record<ServiceState, string> = {
  healthy: pc.green('✓'),
  completed: pc.green('✓'),
  failed: pc.red('✗'),
  waiting: pc.dim('·'),
  building: pc.cyan('◌'),
  starting: pc.cyan('◌'),
  stopped: pc.dim('○'),
  unknown: pc.yellow('?'),
}

/** The sign in front of a service; the word for its state always stands beside it. */
export function stateMark(state: ServiceState): string {
  return MARKS[state]
}

/** Folds plain text at spaces to a terminal's width; a word that is longer than a line is left to the terminal. */
export function fold(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Cuts plain text to a terminal's width. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

/** What a service, or a part of the platform, is called. */
export function titleOf({ services, platform }: Pick<Catalogue, 'services' | 'platform'>, id: string): string {
  return [...services, ...platform].find((one) => one.id === id)?.title ?? id
}
