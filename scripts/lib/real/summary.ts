import { formatMs } from '../render/words.ts'
import type { RealRun } from './realRun.ts'

/** A real run in Markdown: how it ended, what it ran on, its images with their digests, its steps with their times. */
export function summary({ facts, journal, rehearsal }: RealRun, verdict: string): string {
  const steps = journal.steps.map(
    ({ part, title, ok, ms, detail }) => `| ${ok ? '✓' : '✗'} | ${part} | ${title} | ${formatMs(ms)} | ${detail} |`,
  )
  return [
    `### ${verdict}`,
    ...(rehearsal ? ['A rehearsal: images were taken as they were.'] : []),
    [...new Set(facts.engines)].map((engine) => `- ${engine}`).join('\n'),
    [
      '| Image | Digest | Platform | Size | Stand-in |',
      '| --- | --- | --- | ---: | --- |',
      ...new Set(facts.images),
    ].join('\n'),
    ...(facts.differences.length > 0 ? ['Not as `infra/images.yaml` says:', facts.differences.join('\n')] : []),
    ['| | Part | Step | Time | |', '| --- | --- | --- | ---: | --- |', ...steps].join('\n'),
    '',
  ].join('\n\n')
}
