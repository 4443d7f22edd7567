import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { SECRETS_FILE, STATE_FOLDER } from '../../src/checkout/paths.ts'
import { stateFolderCheck } from '../../src/preflight/stateFolder.ts'
import { ensureSecrets } from '../../src/secrets/secrets.ts'
import { onPlatform } from '../onPlatform.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const look = (root: string) =>
  stateFolderCheck.run({ root, catalogue: { platform: [], services: [] }, ownPorts: new Set() })

test('a folder that leads elsewhere is refused: secrets would be written there', async () => {
  const [root, elsewhere] = [await temporaryFolder(), await temporaryFolder()]
  await symlink(elsewhere, path.join(root, STATE_FOLDER))
  expect(await look(root)).toMatchObject({
    status: 'fail',
    message: expect.stringContaining(elsewhere),
    fix: `rm '${path.join(root, STATE_FOLDER)}'`,
  })
})

test.skipIf(process.platform === 'win32')('secrets that others may read are said to be, and made private', async () => {
  const root = await temporaryFolder()
  await ensureSecrets(root)
  expect(await look(root)).toMatchObject({ status: 'ok' })
  const file = path.join(root, SECRETS_FILE)
  await chmod(file, 0o644)
  const found = { status: 'warn', message: expect.stringContaining('mode 644'), fix: `chmod 600 '${file}'` }
  expect(await look(root)).toEqual(found)
  onPlatform('win32')
  expect(await look(root)).toMatchObject({ status: 'ok' })
  onPlatform('linux')
  await ensureSecrets(root)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('a file in its place is named', async () => {
  const root = await temporaryFolder()
  await mkdir(path.join(root, STATE_FOLDER))
  await writeFile(path.join(root, STATE_FOLDER, 'embedded'), '')
  await expect(look(root)).rejects.toThrow('/embedded cannot be written to: a file is where a folder should be')
})
