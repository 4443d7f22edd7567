import { expect, test } from 'vitest'
import { DOCKER_HUB_SECRETS, logInToDockerHub } from '../../src/devcontainer/dockerHubLogin.ts'
import { fakeTools } from '../cluster/fakeTools.ts'

const SECRETS = { [DOCKER_HUB_SECRETS.user]: 'ada', [DOCKER_HUB_SECRETS.token]: 'very-secret' }

test('without the secrets nothing is done', async () => {
  const { calls } = fakeTools([])
  expect(await logInToDockerHub({})).toBe('not asked for')
  expect(calls()).toEqual([])
})

test('with both it logs in, and the token is on no command line', async () => {
  const { calls } = fakeTools([])
  expect(await logInToDockerHub(SECRETS)).toBe('as ada')
  expect(calls()).toEqual(['docker login --username ada --password-stdin'])
})

test('with one of them it names the other', async () => {
  await expect(logInToDockerHub({ [DOCKER_HUB_SECRETS.user]: 'ada' })).rejects.toThrow('DOCKERHUB_TOKEN is not set')
})

test('what Docker Hub says to a wrong token is passed on, the token is not', async () => {
  fakeTools([{ when: /^docker login/, stderr: 'Error: unauthorized: incorrect username or password\n', exitCode: 1 }])
  const error = await logInToDockerHub(SECRETS).catch((reason: unknown) => reason)
  expect(String(error)).toContain('unauthorized')
  expect(JSON.stringify(error)).not.toContain('very-secret')
})
