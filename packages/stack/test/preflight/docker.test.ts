import * as fs from 'node:fs'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import type { PreflightContext } from '../../src/preflight/check.ts'
import { dockerCheck } from '../../src/preflight/docker.ts'
import { dockerApiCheck } from '../../src/preflight/dockerApi.ts'
import { findDockerEngine } from '../../src/system/dockerEngine.ts'
import { catalogueText } from '../catalogue/catalogueText.ts'
import { onPlatform } from '../onPlatform.ts'

vi.mock('node:fs', async (original) => ({ ...(await original<typeof fs>()), existsSync: vi.fn(() => false) }))
vi.mock('../../src/system/dockerEngine.ts', () => ({ findDockerEngine: vi.fn() }))

const context: PreflightContext = {
  root: '/checkout',
  catalogue: parseCatalogue(catalogueText, 'stack.yaml'),
  ownPorts: new Set(),
}

describe('Docker', () => {
  const found = (state: Awaited<ReturnType<typeof findDockerEngine>>) =>
    vi.mocked(findDockerEngine).mockResolvedValue(state)
  const engine = (apiVersion: string, minimumApiVersion: string) =>
    found({ state: 'running', version: '27.0.0', apiVersion, minimumApiVersion })
  beforeEach(() => void vi.mocked(fs.existsSync).mockReturnValue(false))

  it('is not installed', async () => {
    found({ state: 'not-installed', said: '' })
    onPlatform('linux')
    expect(await dockerCheck.run(context)).toEqual({
      status: 'fail',
      message: 'Docker is not installed, or not on PATH',
      fix: 'see https://docs.docker.com/engine/install',
    })
    onPlatform('darwin')
    expect(await dockerCheck.run(context)).toMatchObject({ fix: 'brew install --cask docker' })
  })

  it('does not let the user in', async () => {
    found({ state: 'no-permission', said: '' })
    vi.stubEnv('USER', 'ada')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await dockerCheck.run(context)).toEqual({
      status: 'fail',
      message: 'Docker runs, but does not let the user ada in',
      fix: 'sudo usermod -aG docker "$USER" && newgrp docker',
    })
    vi.stubEnv('USER', undefined)
    expect((await dockerCheck.run(context)).message).toContain('the user of this shell in')
  })

  it.each<[NodeJS.Platform, string | null, string]>([
    ['linux', null, 'sudo service docker start'],
    ['linux', '/run/systemd/system', 'sudo systemctl start docker'],
    ['linux', '/usr/local/share/docker-init.sh', '/usr/local/share/docker-init.sh'],
    ['darwin', null, 'open -a Docker'],
    ['win32', null, 'start Docker Desktop'],
  ])('does not run, on %s with %s', async (platform, there, fix) => {
    found({ state: 'not-running', said: 'no socket' })
    onPlatform(platform)
    vi.mocked(fs.existsSync).mockImplementation((file) => file === there)
    expect(await dockerCheck.run(context)).toEqual({ status: 'fail', message: 'Docker does not run: no socket', fix })
  })

  it('says what nobody understands, or nothing', async () => {
    found({ state: 'unclear', said: 'teapot' })
    expect(await dockerCheck.run(context)).toEqual({
      status: 'fail',
      message: 'Docker does not answer as it should: teapot',
      fix: 'docker version',
    })
    found({ state: 'unclear', said: '' })
    expect((await dockerCheck.run(context)).message).toBe('Docker does not answer as it should: it says nothing')
  })

  it('speaks what the tools speak, or is too old or too new', async () => {
    engine('1.51', '1.44')
    expect(await dockerApiCheck.run(context)).toEqual({
      status: 'ok',
      message: 'API 1.44 to 1.51 fits k3d, ctlptl and Tilt',
    })
    engine('1.40', '1.12')
    expect(await dockerApiCheck.run(context)).toEqual({
      status: 'fail',
      message: 'Docker 27.0.0 speaks API 1.12 to 1.40; k3d needs 1.41 or newer (Docker 20.10)',
      fix: 'see https://docs.docker.com/engine/install',
    })
    engine('1.60', '1.51')
    expect(await dockerApiCheck.run(context)).toMatchObject({ status: 'ok' })
    engine('1.60', '1.52')
    expect(await dockerApiCheck.run(context)).toEqual({
      status: 'fail',
      message: 'Docker 27.0.0 speaks API 1.52 to 1.60; k3d and Tilt speak 1.51 at most',
      fix: 'install newer releases of k3d and Tilt',
    })
    found({ state: 'not-installed', said: '' })
    expect(await dockerApiCheck.run(context)).toEqual({
      status: 'warn',
      message: 'unknown while Docker does not answer',
    })
  })
})
