import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { DATA_VOLUME_FILE } from '../checkout/paths.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { exec, execText } from '../system/exec.ts'
import { readIfThere, writePrivateFile } from '../system/files.ts'
import { parseJson } from '../system/text.ts'
import type { ClusterDefinition } from './definition.ts'

/**
 * What became of the volume. `elsewhere`: it was made, and this checkout has data in another Docker, as it does when it
 * is opened in a devcontainer and outside of it in turn.
 */
export type VolumeOutcome = 'kept' | 'made' | 'elsewhere'

/** Tells this volume from a later one of the same name. */
const ID_LABEL = 'dev.nebula.data'
/** One that `docker run` or k3d made has no label. */
const UNLABELLED = 'unlabelled'

/** The id of the volume that this checkout had, by the id of the Docker that has it. */
const Memory = z.record(z.string(), z.string())
const Inspected = z.tuple([z.object({ Labels: z.record(z.string(), z.string()).nullish() })])

/**
 * Sees to it that the Docker volume for the data of all services is there: the cluster may go, the data stays.
 * @param options acceptDataLoss: takes a new one where the one that this checkout had is gone.
 * @throws NebulaError DATA_GONE when it is gone and nobody said that this is all right.
 */
export async function ensureDataVolume(
  root: string,
  { data: { volume } }: Pick<ClusterDefinition, 'data'>,
  { acceptDataLoss = false }: { readonly acceptDataLoss?: boolean | undefined } = {},
): Promise<VolumeOutcome> {
  const [docker, memory, found] = await Promise.all([dockerId(), remembered(root), findVolume(volume)])
  const known = memory[docker]
  if (known !== undefined && known !== found && !acceptDataLoss) throw dataGone(volume, found)
  const id = found ?? (await makeVolume(volume))
  if (id !== known)
    await writePrivateFile(path.join(root, DATA_VOLUME_FILE), JSON.stringify({ ...memory, [docker]: id }))
  if (found !== null) return 'kept'
  return known === undefined && Object.keys(memory).length > 0 ? 'elsewhere' : 'made'
}

/** Deletes the volume with all data in it, for good. Harmless when there is none. */
export async function deleteDataVolume(root: string, { data }: Pick<ClusterDefinition, 'data'>): Promise<void> {
  const [docker, memory, found] = await Promise.all([dockerId(), remembered(root), findVolume(data.volume)])
  // First: a volume that is deleted and still remembered would be reported as lost.
  const { [docker]: _, ...others } = memory
  await writePrivateFile(path.join(root, DATA_VOLUME_FILE), JSON.stringify(others))
  if (found !== null) await execText(['docker', 'volume', 'rm', data.volume])
}

/** @returns its id, null when Docker has no such volume. */
async function findVolume(name: string): Promise<string | null> {
  const inspected = await exec(['docker', 'volume', 'inspect', name])
  if (inspected.exitCode === 0) {
    const [{ Labels }] = Inspected.parse(JSON.parse(inspected.stdout))
    return Labels?.[ID_LABEL] ?? UNLABELLED
  }
  if (/no such volume/i.test(inspected.stderr)) return null
  // Only an answer counts: a Docker that does not answer has lost nothing.
  throw new NebulaError(`Docker does not say whether there is a volume ${name}: ${inspected.stderr.trim()}`, {
    code: 'DOCKER_UNREACHABLE',
    hint: 'npm run doctor',
    exitCode: ExitCode.Precondition,
  })
}

async function makeVolume(name: string): Promise<string> {
  const id = randomUUID()
  await execText(['docker', 'volume', 'create', '--label', `${ID_LABEL}=${id}`, name])
  return id
}

async function dockerId(): Promise<string> {
  return (await execText(['docker', 'info', '--format', '{{.ID}}'])).trim()
}

async function remembered(root: string): Promise<Readonly<Record<string, string>>> {
  const text = await readIfThere(path.join(root, DATA_VOLUME_FILE))
  return text === null ? {} : (Memory.safeParse(parseJson(text)).data ?? {})
}

function dataGone(volume: string, found: string | null): NebulaError {
  const what =
    found === null
      ? `Docker no longer has the volume ${volume}; the stack would start with none`
      : `the volume ${volume} is another one than it had; the stack would go on with what is in that`
  return new NebulaError(`the data of this checkout is gone: ${what}`, {
    code: 'DATA_GONE',
    hint: 'npm run up -- --accept-data-loss',
    exitCode: ExitCode.Precondition,
  })
}
