import { rm } from 'node:fs/promises'
import { afterAll, beforeAll } from 'vitest'
import { setEnvironment } from './clients.ts'
import { pushFixture } from './pushFixture.ts'
import { type Server, type StartOptions, startServer } from './server.ts'
import { makeSigner, type Signer } from './signer.ts'
import { makeFolder } from './temporaryFolder.ts'

/** A server with the fixture's functions that the tests of a file share: always the one that runs now. */
export interface SharedServer extends Server {
  /** Signs tokens that the fixture's provider accepts. */
  readonly signer: Signer
  /** Starts it again when it has ended, on the same data and port, where its clients look for it. */
  start(): Promise<void>
}

/** Starts a server before the tests of a file or a `describe`, and removes it and its data after them. */
export function useServer(options: StartOptions = {}): SharedServer {
  let folder: string | undefined
  let running: Server | undefined
  let signer: Signer | undefined
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the server is there when the tests run, not before')
    return value
  }
  beforeAll(async () => {
    folder = await makeFolder()
    running = await startServer(folder, options)
    signer = await makeSigner()
    await setEnvironment(running, { FIXTURE_JWKS: signer.jwks })
    await pushFixture(running)
  })
  afterAll(async () => {
    await running?.stop('SIGKILL')
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })
  return {
    get url() {
      return started(running).url
    },
    get siteUrl() {
      return started(running).siteUrl
    },
    get port() {
      return started(running).port
    },
    get dataDir() {
      return started(running).dataDir
    },
    get lines() {
      return started(running).lines
    },
    get pid() {
      return started(running).pid
    },
    get ended() {
      return started(running).ended
    },
    get signer() {
      return started(signer)
    },
    stop: async (signal) => await started(running).stop(signal),
    start: async () => {
      const { dataDir, port } = started(running)
      running = await startServer(dataDir, { ...options, port })
    },
  }
}
