import path from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { STATE_FOLDER } from '@nebula/stack/checkout/paths'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { attempt } from '@nebula/stack/system/attempt'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { clusterPart } from './lib/real/clusterPart.ts'
import { devcontainerPart } from './lib/real/devcontainerPart.ts'
import { Journal } from './lib/real/journal.ts'
import type { RealRun } from './lib/real/realRun.ts'
import { Redactor } from './lib/real/redactor.ts'
import { formatMs } from './lib/render/words.ts'
import { openCluster } from './lib/stack.ts'

const program = command('real', 'Prove that the stack works from nothing on the published images')
  .addOption(new Option('--only <part>', 'run only this part').choices(['cluster', 'devcontainer'] as const))
  .option('--allow-stand-ins', 'rehearse with the images at hand; proves nothing about the published ones')
  .option(
    '--report <folder>',
    'folder for the output of the steps and, on failure, diagnostics (default: .nebula/real/<time>)',
  )
  .action((options) => interruptible((signal) => real(options, signal)))

async function real(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode> {
  const { root, definition } = await openCluster()
  const start = performance.now()
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  const folder = path.resolve(options.report ?? path.join(root, STATE_FOLDER, 'real', time))
  const rehearsal = options.allowStandIns === true
  const journal = new Journal(folder, new Redactor())
  const run: RealRun = {
    root,
    definition,
    journal,
    rehearsal,
    signal,
    facts: { engines: [], images: [], differences: [] },
  }
  const parts = options.only ? [options.only] : (['cluster', 'devcontainer'] as const)
  const cli = [process.execPath, path.join(root, 'node_modules/@devcontainers/cli/devcontainer.js')]
  let verdict = 'Failed'
  try {
    for (const part of parts) await (part === 'cluster' ? clusterPart(run) : devcontainerPart(run, cli))
    verdict = `${rehearsal ? 'Rehearsed' : 'Proved'}: ${parts.join(' and ')} in ${formatMs(performance.now() - start)}`
  } catch (error) {
    if (signal.aborted) verdict = 'Interrupted'
    throw error
  } finally {
    // A disk that is full is no reason to say nothing of what failed.
    const written = await attempt(journal.write('summary.md', summary(run, verdict)))
    if (written instanceof Error) process.stderr.write(`${pc.yellow('!')} no summary: ${written.message}\n`)
    if (verdict === 'Failed') process.stderr.write(`${pc.yellow('!')} what there is to know of it: ${folder}\n`)
  }
  process.stdout.write(`${pc.green('✓')} ${verdict}\n`)
  if (rehearsal) process.stdout.write(`${pc.yellow('!')} A rehearsal proves nothing about the published images.\n`)
  else process.stdout.write(`${pc.green('✓')} The published images work.\n`)
  return ExitCode.Green
}

/** A real run in Markdown: how it ended, what it ran on, its images with their digests, its steps with their times. */
function summary({ facts, journal, rehearsal }: RealRun, verdict: string): string {
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

await main(program)
