import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { moveDataOut } from '../../src/cluster/moveData.ts'
import { clusterDefinition } from './clusterDefinition.ts'

let folder: string
let volume: string
let claim: { claim: string; path: string }

/** A docker that runs what is to run in a container on this machine. */
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nebula move '))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  volume = path.join(folder, 'volume')
  mkdirSync(volume)
  claim = { claim: 'convex-data', path: path.join(folder, 'pvc-1_nebula_convex-data') }
  mkdirSync(path.join(claim.path, 'deep/er'), { recursive: true })
  writeFileSync(path.join(claim.path, 'deep/er/a file'), 'rows')
  chmodSync(path.join(claim.path, 'deep'), 0o700)
  const docker = path.join(folder, 'bin/docker')
  mkdirSync(path.dirname(docker))
  writeFileSync(
    docker,
    `#!/bin/sh
if [ "$1" = run ]; then while [ "$1" != -c ]; do shift; done; exec sh "$@"; fi
echo '[{"Image":"sha256:k3s","Mounts":[]}]'
`,
  )
  chmodSync(docker, 0o755)
  vi.stubEnv('PATH', `${path.dirname(docker)}:${process.env.PATH}`)
  onTestFinished(() => void vi.unstubAllEnvs())
})

const definition = () => ({ ...clusterDefinition, data: { volume: 'nebula-data', path: volume } })

test('every file is in the volume, with its modes, and still in the node', async () => {
  expect(await moveDataOut(definition(), [claim])).toBe(`${volume}/volumes`)
  const moved = path.join(volume, 'volumes/convex-data')
  expect(readFileSync(path.join(moved, 'deep/er/a file'), 'utf8')).toBe('rows')
  expect(statSync(path.join(moved, 'deep')).mode & 0o777).toBe(0o700)
  expect(existsSync(path.join(claim.path, 'deep/er/a file'))).toBe(true)
})

test('what an interrupted move left is not taken for data', async () => {
  mkdirSync(path.join(volume, 'volumes.moving/postgres-data'), { recursive: true })
  await moveDataOut(definition(), [claim])
  expect(readdirSync(path.join(volume, 'volumes'))).toEqual(['convex-data'])
})

test('data that is in the volume already is not overwritten', async () => {
  mkdirSync(path.join(volume, 'volumes/convex-data'), { recursive: true })
  writeFileSync(path.join(volume, 'volumes/convex-data/newer'), '')
  const beside = await moveDataOut(definition(), [claim])
  expect(readdirSync(path.join(volume, 'volumes/convex-data'))).toEqual(['newer'])
  expect(readFileSync(path.join(beside, 'convex-data/deep/er/a file'), 'utf8')).toBe('rows')
})

test('a copy that differs is no copy', async () => {
  const cp = path.join(folder, 'bin/cp')
  writeFileSync(
    cp,
    `#!/bin/sh\n${execFileSync('which', ['cp'], { encoding: 'utf8' }).trim()} "$@" && echo torn > "$3/deep/er/a file"\n`,
  )
  chmodSync(cp, 0o755)
  await expect(moveDataOut(definition(), [claim])).rejects.toThrow('the copy of convex-data differs')
  expect(existsSync(path.join(volume, 'volumes'))).toBe(false)
})
