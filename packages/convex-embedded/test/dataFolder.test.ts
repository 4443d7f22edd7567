import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  api,
  httpClient,
  INSTANCE_ENVIRONMENT,
  runMain,
  type Server,
  startDeployed,
  startServer,
  temporaryFolder,
} from './harness.ts'

let server: Server
let clean: () => Promise<void>
beforeAll(async () => {
  ;({ server, clean } = await startDeployed())
  const client = httpClient(server)
  for (let index = 0; index < 20; index += 1) {
    await client.mutation(api.messages.send, { channel: 'bulk', body: 'x'.repeat(5000) })
  }
  // Ended and started again, so that what it holds stands in the database itself, and more of it in the log.
  await server.stop('SIGINT')
  server = await startServer(server.dataDir, { port: server.port })
  await httpClient(server).mutation(api.messages.increment, { name: 'in the log' })
})
afterAll(async () => {
  await server.stop('SIGKILL')
  await clean()
})

/** A copy of the server's data as a kill would leave it. */
async function copyOfData(): Promise<{ folder: string; file: string }> {
  const { folder, clean: remove } = await temporaryFolder()
  onTestFinished(remove)
  await cp(server.dataDir, folder, { recursive: true })
  return { folder, file: path.join(folder, 'convex.sqlite') }
}

const start = (folder: string, prefix: readonly string[] = []) =>
  runMain({ ...INSTANCE_ENVIRONMENT, CONVEX_DATA_DIR: folder, CONVEX_API_PORT: '0', CONVEX_SITE_PORT: '0' }, prefix)

/** Every file of a folder with a digest of its content; without the index that SQLite makes to read a log. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('-shm'))
    .map((entry) => path.join(entry.parentPath, entry.name))
  const digest = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [path.relative(folder, file), await digest(file)])),
  )
}

describe('a data folder', () => {
  it('belongs to one server', async () => {
    const { exitCode, output } = await start(server.dataDir)
    expect(exitCode).toBe(1)
    expect(output).toMatch(/^error: another Convex stand-in is using .*convex\.sqlite\n/)
    expect(await httpClient(server).query(api.messages.count, { name: 'none' })).toBe(0)
  })

  it.each<[string, (file: string) => Promise<void>]>([
    [
      'is no database',
      async (file) => await writeFile(file, 'this is no database, although it is long enough to be one'.repeat(100)),
    ],
    ['lost its end', async (file) => await truncate(file, Math.floor((await stat(file)).size / 2))],
    [
      'lost its log and its end',
      async (file) => {
        await rm(`${file}-wal`)
        await truncate(file, (await stat(file)).size - 4096)
      },
    ],
    [
      'lost all it had',
      async (file) => {
        await rm(`${file}-wal`)
        await truncate(file, 0)
      },
    ],
    [
      'was overwritten in the middle',
      async (file) => {
        await rm(`${file}-wal`)
        const handle = await open(file, 'r+')
        await handle.write(Buffer.alloc(8192, 0x5a), 0, 8192, 4096)
        await handle.close()
      },
    ],
    [
      'is the database of another program',
      async (file) => {
        for (const name of [file, `${file}-wal`, `${file}-shm`]) await rm(name, { force: true })
        const other = new DatabaseSync(file)
        other.exec('CREATE TABLE state (name TEXT); CREATE TABLE albums (title TEXT)')
        other.close()
      },
    ],
  ])('whose file %s is refused in one line that names it and the way out, and left as it is', async (_name, damage) => {
    const { folder, file } = await copyOfData()
    await damage(file)
    const before = await contentOf(folder)
    const { exitCode, output } = await start(folder)
    expect(exitCode).toBe(1)
    const [message, hint, ...more] = output.trimEnd().split('\n')
    expect(message).toContain(`error: ${file} is damaged: `)
    expect(hint).toContain('npm run reset')
    expect(more).toEqual([])
    expect(await contentOf(folder)).toEqual(before)
  })

  it('whose file cannot be opened is not called damaged: the system says why, and nobody is told to delete it', async () => {
    const { folder, file } = await copyOfData()
    await rm(file)
    await mkdir(file)
    const { exitCode, output } = await start(folder)
    expect(exitCode).toBe(3)
    expect(output).toMatch(/^error: .*convex\.sqlite cannot be read or written now: .+; [\d.]+ [GM]B are free/)
    expect(output).toContain(`df -h '${folder}'`)
    expect(output).not.toMatch(/damaged|reset/)
  })

  it.skipIf(process.platform === 'win32')(
    'keeps its file and its log for its user alone, whatever the umask',
    async () => {
      const { folder, clean: remove } = await temporaryFolder()
      onTestFinished(remove)
      await chmod(folder, 0o755)
      const begun = await startServer(folder)
      onTestFinished(async () => void (await begun.stop('SIGKILL')))
      for (const name of ['convex.sqlite', 'convex.sqlite-wal'])
        expect((await stat(path.join(folder, name))).mode & 0o077, name).toBe(0)
    },
  )

  it('is taken for a new one after a start that was cut off before it wrote anything', async () => {
    const { folder, clean: remove } = await temporaryFolder()
    onTestFinished(remove)
    await writeFile(path.join(folder, 'convex.sqlite'), '')
    const begun = await startServer(folder)
    expect(await begun.stop()).toBe(0)
  })

  it('survives a log that breaks off in the middle', async () => {
    const { folder, file } = await copyOfData()
    await truncate(`${file}-wal`, (await stat(`${file}-wal`)).size - 100)
    const torn = await startServer(folder)
    onTestFinished(async () => void (await torn.stop('SIGKILL')))
    const documents = await httpClient(torn).query(api.messages.list, { channel: 'bulk' })
    expect(documents).toHaveLength(20)
  })
})

/** Runs a program without root's right to write everywhere, which is what makes a folder read-only for it. */
const asOwner = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override'] : []

describe.skipIf(process.getuid?.() === 0 && process.platform !== 'linux')(
  'a data folder that cannot be written to',
  () => {
    it.each([
      ['its folder', async (folder: string) => await chmod(folder, 0o500), (folder: string) => folder],
      [
        'its file',
        async (folder: string) => await chmod(path.join(folder, 'convex.sqlite'), 0o400),
        (folder: string) => path.join(folder, 'convex.sqlite'),
      ],
    ])('is named when it is %s, with the command that helps', async (_name, forbid, culprit) => {
      const { folder, file } = await copyOfData()
      await forbid(folder)
      onTestFinished(() => chmod(folder, 0o700))
      const before = await contentOf(folder)
      const { exitCode, output } = await start(folder, asOwner)
      expect(output).toMatch(new RegExp(`^error: ${culprit(folder)} cannot be written to: permission denied\n.*chown`))
      expect(exitCode).toBe(3)
      expect(await contentOf(folder)).toEqual(before)
      expect((await stat(file)).size).toBeGreaterThan(0)
    })

    it('is named when it cannot be made', async () => {
      const { folder, clean: remove } = await temporaryFolder()
      onTestFinished(remove)
      const taken = path.join(folder, 'data')
      await writeFile(taken, 'a file')
      const { exitCode, output } = await start(taken)
      expect(output).toContain(`error: ${taken} cannot be written to: a file is where a folder should be\n`)
      expect(exitCode).toBe(3)
    })
  },
)
