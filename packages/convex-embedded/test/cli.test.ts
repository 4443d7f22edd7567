import { expect, it } from 'vitest'
import { convex } from './harness/cli.ts'
import { httpClient, setEnvironment } from './harness/clients.ts'
import { api } from './harness/fixture.ts'
import { fixtureCopy } from './harness/fixtureCopy.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

const greet = () => httpClient(server).query(api.messages.greet, {})

it('deploys with dev --once, and writes _generated', async () => {
  const cwd = await fixtureCopy({})
  const { exitCode, stderr } = await convex(server, ['dev', '--once', '--typecheck', 'disable'], { cwd })
  expect(stderr).toContain('Convex functions ready!')
  expect(exitCode).toBe(0)
})

it('sets, lists, gets and removes environment variables, which functions see', async () => {
  expect((await convex(server, ['env', 'set', 'FIXTURE_NAME', 'Ada'])).exitCode).toBe(0)
  expect(await greet()).toBe('hello Ada')
  const several = await convex(server, ['env', 'set', '--force'], {
    input: 'FIXTURE_NAME="Grace Hopper"\nOTHER=1\n',
  })
  expect(several.stderr).toMatch(/1 new.*1 updated/)
  expect(await greet()).toBe('hello Grace Hopper')
  expect((await convex(server, ['env', 'list'])).stdout).toContain('FIXTURE_NAME=Grace Hopper')
  expect((await convex(server, ['env', 'get', 'OTHER'])).stdout).toBe('1\n')
  expect((await convex(server, ['env', 'remove', 'FIXTURE_NAME'])).exitCode).toBe(0)
  expect(await greet()).toBe('hello nobody')
})

it('does not remove a variable that the deployed auth config reads', async () => {
  const answer = await setEnvironment(server, { FIXTURE_JWKS: null })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ code: 'AuthConfigMissingEnvironmentVariable' })
  expect(await greet()).toBe('hello nobody')
})

it('runs functions, internal ones too, and reads tables', async () => {
  const sent = await convex(server, ['run', 'messages:send', '{"channel":"cli","body":"typed"}'])
  expect(sent).toMatchObject({ exitCode: 0 })
  expect((await convex(server, ['run', 'messages:secret'])).stdout).toBe('"internal"\n')
  const failed = await convex(server, ['run', 'messages:nothing'])
  expect(failed).toMatchObject({ exitCode: 1 })
  expect(failed.stderr).toContain('• messages:send')
  expect((await convex(server, ['data'])).stdout.split('\n')).toContain('messages')
  expect((await convex(server, ['data', 'messages', '--limit', '1'])).stdout).toContain('"typed"')
})

it('prints the specification of the functions', async () => {
  const { stdout } = await convex(server, ['function-spec'])
  const { url, functions } = JSON.parse(stdout)
  expect(url).toBe(server.url)
  expect(functions).toContainEqual(
    expect.objectContaining({ identifier: 'messages.js:secret', visibility: { kind: 'internal' } }),
  )
  expect(functions).toContainEqual({ functionType: 'HttpAction', path: '/hook', method: 'POST' })
})
