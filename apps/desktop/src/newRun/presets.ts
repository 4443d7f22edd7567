import { MAX_ATTEMPTS, type NewRun } from '@nebula/shared'

/** Runs to begin with, each showing something else. */
export const PRESETS: readonly NewRun[] = [
  {
    title: 'Quick check',
    steps: [
      { label: 'Prepare', durationMs: 500, failures: 0 },
      { label: 'Check', durationMs: 1_000, failures: 0 },
    ],
  },
  {
    title: 'Flaky import',
    steps: [
      { label: 'Download', durationMs: 1_500, failures: 2 },
      { label: 'Convert', durationMs: 2_000, failures: 0 },
      { label: 'Store', durationMs: 1_000, failures: 1 },
    ],
  },
  {
    title: 'Nightly report',
    steps: [
      { label: 'Collect', durationMs: 20_000, failures: 0 },
      { label: 'Summarise', durationMs: 20_000, failures: 0 },
      { label: 'Render', durationMs: 15_000, failures: 0 },
      { label: 'Send', durationMs: 5_000, failures: 0 },
    ],
  },
  {
    title: 'Doomed deployment',
    steps: [
      { label: 'Build', durationMs: 1_000, failures: 0 },
      { label: 'Roll out', durationMs: 500, failures: MAX_ATTEMPTS },
      { label: 'Announce', durationMs: 500, failures: 0 },
    ],
  },
]
