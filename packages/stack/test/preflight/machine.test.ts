import { mkdir, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { checkInotify, inotifyCheck } from '../../src/preflight/inotify.ts'
import { measureMemory } from '../../src/preflight/measureMemory.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const GIB = 2 ** 30

/** A /proc and /sys of a machine with 8 GiB, half of it available. */
async function machine(files: Record<string, string>): Promise<string> {
  return await withFiles({
    'proc/meminfo': 'MemTotal:        8388608 kB\nMemFree: 1 kB\nMemAvailable:    4194304 kB\n',
    ...files,
  })
}

async function withFiles(files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder()
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), content)
  }
  return root
}

test.each<[string, Record<string, string>, object]>([
  ['a machine', {}, { total: 8 * GIB, available: 4 * GIB, limitedBy: 'machine' }],
  [
    'a container (cgroup v2): its cache can go',
    {
      'proc/self/cgroup': '0::/\n',
      'sys/fs/cgroup/memory.max': `${4 * GIB}\n`,
      'sys/fs/cgroup/memory.current': `${2 * GIB}\n`,
      'sys/fs/cgroup/memory.stat': `anon 1\ninactive_file ${GIB}\n`,
    },
    { total: 4 * GIB, available: 3 * GIB, limitedBy: 'container' },
  ],
  [
    'a container (cgroup v1) on a machine that has less left than the container may take',
    {
      'proc/self/cgroup': '4:memory:/some/where\n0::/\n',
      'sys/fs/cgroup/memory/some/where/memory.limit_in_bytes': `${6 * GIB}\n`,
      'sys/fs/cgroup/memory/some/where/memory.usage_in_bytes': `${GIB}\n`,
      'sys/fs/cgroup/memory/some/where/memory.stat': 'total_inactive_file 0\n',
    },
    { total: 6 * GIB, available: 4 * GIB, limitedBy: 'container' },
  ],
  [
    'a cgroup (v2) below that of the machine',
    {
      'proc/self/cgroup': '0::/user.slice/some\n',
      'sys/fs/cgroup/user.slice/some/memory.max': `${2 * GIB}\n`,
      'sys/fs/cgroup/user.slice/some/memory.current': `${GIB}\n`,
    },
    { total: 2 * GIB, available: GIB, limitedBy: 'container' },
  ],
  [
    'a container (cgroup v2) that is told where the machine has its cgroup',
    {
      'proc/self/cgroup': '0::/docker/some\n',
      'sys/fs/cgroup/memory.max': `${2 * GIB}\n`,
      'sys/fs/cgroup/memory.current': `${GIB}\n`,
    },
    { total: 2 * GIB, available: GIB, limitedBy: 'container' },
  ],
  [
    'a cgroup (v1) of memory and more: its cache can go',
    {
      'proc/self/cgroup': '13:cpu:/other\n12:cpuset,name=x,memory,cpuacct,misc:/some\n',
      'sys/fs/cgroup/memory/some/memory.limit_in_bytes': `${6 * GIB}\n`,
      'sys/fs/cgroup/memory/some/memory.usage_in_bytes': `${5 * GIB}\n`,
      'sys/fs/cgroup/memory/some/memory.stat': `total_inactive_file ${GIB}\n`,
    },
    { total: 6 * GIB, available: 2 * GIB, limitedBy: 'container' },
  ],
  [
    'a container (cgroup v1) that is told where the machine has its cgroup',
    {
      'proc/self/cgroup': '4:memory:/docker/some\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': `${6 * GIB}\n`,
      'sys/fs/cgroup/memory/memory.usage_in_bytes': `${5 * GIB}\n`,
    },
    { total: 6 * GIB, available: GIB, limitedBy: 'container' },
  ],
  [
    'a container that may have all of the machine',
    { 'sys/fs/cgroup/memory.max': `${8 * GIB}\n`, 'sys/fs/cgroup/memory.current': `${7 * GIB}\n` },
    { total: 8 * GIB, available: 4 * GIB, limitedBy: 'machine' },
  ],
  [
    'no limit (cgroup v2)',
    { 'sys/fs/cgroup/memory.max': 'max\n', 'sys/fs/cgroup/memory.current': '5\n' },
    { total: 8 * GIB, available: 4 * GIB, limitedBy: 'machine' },
  ],
  [
    'no limit (cgroup v1)',
    {
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'sys/fs/cgroup/memory/memory.usage_in_bytes': '5\n',
    },
    { total: 8 * GIB, available: 4 * GIB, limitedBy: 'machine' },
  ],
])('memory of %s', async (_, files, expected) => {
  expect(await measureMemory(await machine(files))).toEqual(expected)
})

test('memory of a system that does not tell what is available', async () => {
  const all = { total: totalmem(), available: totalmem(), limitedBy: 'machine' }
  expect(await measureMemory(await withFiles({}))).toEqual(all)
  expect(await measureMemory(await withFiles({ 'proc/meminfo': 'MemTotal: 5 kB\n' }))).toEqual(all)
})

test.runIf(process.platform === 'linux')('this machine is looked at where nothing else is said', async () => {
  expect((await measureMemory()).available).toBeLessThan(totalmem())
  expect(await inotifyCheck.run({ root: '/', catalogue: { platform: [], services: [] }, ownPorts: new Set() })).toEqual(
    await checkInotify('/'),
  )
})

test('inotify: low limits are named, with the command that raises them', async () => {
  const folder = 'proc/sys/fs/inotify'
  const low = await machine({ [`${folder}/max_user_instances`]: '128\n', [`${folder}/max_user_watches`]: '8192\n' })
  expect(await checkInotify(low)).toEqual({
    status: 'warn',
    message:
      'fs.inotify.max_user_instances is 128, at least 512 is needed; fs.inotify.max_user_watches is 8192, at least 65536 is needed',
    fix: 'sudo sysctl -w fs.inotify.max_user_instances=1280 fs.inotify.max_user_watches=655360',
  })
  const enough = await machine({ [`${folder}/max_user_instances`]: '512\n', [`${folder}/max_user_watches`]: '65536\n' })
  const found = 'max_user_instances 512, max_user_watches 65536'
  expect(await checkInotify(enough)).toEqual({ status: 'ok', message: found })
  const one = await machine({ [`${folder}/max_user_watches`]: '65536\n' })
  expect(await checkInotify(one)).toEqual({ status: 'ok', message: 'max_user_watches 65536' })
  const none = { status: 'ok', message: 'this system has no such limits' }
  expect(await checkInotify(await machine({}))).toEqual(none)
})
