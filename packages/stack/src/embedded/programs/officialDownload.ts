import path from 'node:path'
import { z } from 'zod'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { download } from './download.ts'
import type { FoundProgram, ProgramSearch } from './foundProgram.ts'
import { install } from './install.ts'
import { platform, type Release } from './release.ts'
import { unpack } from './unpack.ts'
import { Variable } from './variables.ts'

const GITHUB = 'https://github.com'
const MIRROR = Variable.DownloadMirror

/** Without a user: `fetch` takes none, and it would be in every message. */
const Mirror = z.url({ protocol: /^https?$/ }).regex(/^[^/]*\/\/[^/@]+(\/|$)/)

/**
 * Downloads a release's archive for this machine, from GitHub or the mirror of it that NEBULA_DOWNLOAD_MIRROR names, holds
 * it to the hash that is known for it, and installs the program in it.
 * @param works proves that the program runs.
 * @returns why there is nothing to download, when there is not.
 * @throws NebulaError when it can not be had, or is not what was published.
 */
export async function officialDownload(
  release: Release,
  caches: readonly string[],
  works: (file: string) => Promise<void>,
  search: ProgramSearch,
): Promise<FoundProgram | string> {
  const archive = release.archives[platform]
  if (!archive) return `no build for ${platform} whose checksum is known`
  const url = `${baseUrl(search)}/${release.folder}/${archive.name}`
  return await install(caches, release, async (folder) => {
    const packed = path.join(folder, archive.name)
    const title = `${release.title} ${release.version}`
    await download({ url, file: packed, sha256: archive.sha256, title }, search)
    const file = await unpack(packed, release.program, folder)
    await works(file)
    return { file, source: 'downloaded, checksum verified' }
  })
}

/** @throws NebulaError without the value, which may hold a password. */
function baseUrl({ env }: ProgramSearch): string {
  const text = env[MIRROR]
  if (!text) return GITHUB
  if (Mirror.safeParse(text).success) return text.replace(/\/+$/, '')
  throw new NebulaError(`${MIRROR} is no http or https URL without user and password`, {
    code: 'MIRROR_INVALID',
    hint: `${MIRROR}=https://mirror.example/github npm run up`,
    exitCode: ExitCode.Precondition,
  })
}
