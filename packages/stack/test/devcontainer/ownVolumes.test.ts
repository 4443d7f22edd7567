import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ownVolumes } from '../../src/devcontainer/ownVolumes.ts'
import { fakeTools } from '../cluster/fakeTools.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const gid = process.getgid?.() ?? 0
const me = process.getuid?.() ?? 0
const somebodyElse = me + 1

async function container() {
  const folder = await temporaryFolder()
  const home = path.join(folder, 'home')
  const store = path.join(home, '.local/share/pnpm store')
  const history = path.join(folder, 'commandhistory')
  const elsewhere = path.join(folder, 'elsewhere')
  for (const made of [store, history, elsewhere]) await mkdir(made, { recursive: true })
  const mounts = [
    'overlay / overlay rw 0 0',
    ...[store, history, elsewhere].map((mount) => `/dev/sda1 ${mount.replaceAll(' ', '\\040')} ext4 rw 0 0`),
    '',
  ].join('\n')
  return { home, store, history, mounts }
}

test("volumes of another user become this one's, with the folders above them; others stay", async () => {
  const { home, store, history, mounts } = await container()
  const tools = fakeTools([])
  const taken = await ownVolumes({ mounts, home, others: [history], uid: somebodyElse, gid })
  const above = [path.join(home, '.local'), path.join(home, '.local/share')]
  expect(taken).toEqual([...above, store, history])
  expect(tools.calls()).toEqual([
    `sudo --non-interactive chown ${somebodyElse}:${gid} ${above.join(' ')}`,
    `sudo --non-interactive chown --recursive ${somebodyElse}:${gid} ${store} ${history}`,
  ])
})

test("what is this user's already is left alone", async () => {
  const { home, history, mounts } = await container()
  const tools = fakeTools([])
  expect(await ownVolumes({ mounts, home, others: [history], uid: me, gid })).toEqual([])
  expect(tools.calls()).toEqual([])
})
