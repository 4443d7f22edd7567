import { proof } from '@nebula/convex/proof'
import { endpointAddress, endpointUrl } from '@nebula/stack/catalogue/endpoints'
import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { loadSecrets } from '@nebula/stack/secrets/secrets'
import type { Check } from '@nebula/stack/verify/check'
import { verify } from '@nebula/stack/verify/verify'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { jsonOption, modeOption } from './lib/options.ts'
import { formatMs } from './lib/render/words.ts'
import { openCheckout } from './lib/stack.ts'

const PROOF_DEADLINE_MS = 60_000

const program = command('verify', 'Prove that the stack works: every check, then one real run through all of it')
  .addOption(modeOption)
  .addOption(jsonOption)
  .action((options) => interruptible(() => prove(options.mode, options.json === true)))

async function prove(mode: string | undefined, json: boolean): Promise<ExitCode> {
  const { root, driver } = await openCheckout(mode)
  const secrets = await loadSecrets(root)
  const { ok, checks } = await verify({
    catalogue: driver.catalogue,
    secrets,
    proof: proofOf(driver.catalogue),
    onCheck: (check) => void (json || process.stdout.write(`${line(check)}\n`)),
  })
  if (json) {
    const rows = checks.map(({ name, ok, ms, detail }) => ({ name, ok, ms, ...(detail ? { detail } : {}) }))
    process.stdout.write(`${JSON.stringify({ ok, checks: rows })}\n`)
  }
  const failed = checks.find((check) => !check.ok)
  if (failed?.service) await showLogs(failed, await driver.lastLines(failed.service, 20))
  return ok ? ExitCode.Green : ExitCode.Failed
}

/** What the application proves of itself: the only thing in the scripts that knows it. */
function proofOf(catalogue: Catalogue): ReturnType<typeof proof> {
  return proof({
    convexUrl: endpointUrl(catalogue, 'convex-backend', 'api'),
    temporalAddress: endpointAddress(catalogue, 'temporal', 'grpc'),
    deadlineMs: PROOF_DEADLINE_MS,
  })
}

function line(check: Check): string {
  const mark = check.ok ? pc.green('✓') : pc.red('✗')
  return `${mark} ${check.name.padEnd(26)} ${pc.dim(formatMs(check.ms).padStart(7))}  ${pc.dim(check.detail ?? '')}`.trimEnd()
}

async function showLogs(check: Check, lines: readonly string[]): Promise<void> {
  process.stderr.write(`\n${pc.red('✗')} ${check.name}: ${check.detail ?? 'failed'}\n`)
  for (const text of lines) process.stderr.write(pc.dim(`  │ ${text}\n`))
  const next = lines.length > 0 ? `npm run logs -- ${check.service}` : 'npm run up'
  process.stderr.write(`${pc.cyan('→')} ${next}\n`)
}

await main(program)
