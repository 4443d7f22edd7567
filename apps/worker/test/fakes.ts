import type { NewStep } from '@nebula/shared'
import { createLog } from '../src/log.ts'
import type { Reports } from '../src/reports.ts'

/** A log whose lines are kept. */
export function keptLog() {
  const lines: string[] = []
  return { lines, log: createLog({ write: (text) => lines.push(text) }, 'debug') }
}

export interface FakeReports {
  readonly reports: Reports
  /** What was reported, once for every key: `started 0/1`, `failed 0/1 last`, `ended cancelled`. */
  readonly seen: string[]
  readonly keys: Set<string>
}

/** Convex as activities see it: it counts a report once, and answers what it is told to. */
export function fakeReports(steps: readonly NewStep[], override: Partial<Reports> = {}): FakeReports {
  const seen: string[] = []
  const keys = new Set<string>()
  const note = (key: string, what: string) => {
    if (!keys.has(key)) seen.push(what)
    keys.add(key)
  }
  const reports: Reports = {
    begin: async (_runId, key) => {
      note(key, 'begun')
      return { proceed: true, steps: [...steps] }
    },
    stepStarted: async (_runId, key, { position, attempt }) => {
      note(key, `started ${position}/${attempt}`)
      return { go: 'work' }
    },
    stepFailed: async (_runId, key, { position, attempt, last }) => {
      note(key, `failed ${position}/${attempt}${last ? ' last' : ''}`)
      return null
    },
    stepCompleted: async (_runId, key, { position, attempt }) => {
      note(key, `completed ${position}/${attempt}`)
      return null
    },
    end: async (_runId, key, { status, error }) => {
      note(key, `ended ${status}${error ? `: ${error}` : ''}`)
      return true
    },
    open: async () => ({ queued: [], running: [] }),
    ...override,
  }
  return { reports, seen, keys }
}
