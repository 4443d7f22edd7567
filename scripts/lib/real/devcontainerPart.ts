import { whyNoDocker } from '@nebula/stack/chooseMode'
import { allImages } from '@nebula/stack/cluster/images'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { attempt } from '@nebula/stack/system/attempt'
import pc from 'picocolors'
import { $ } from 'zx'
import { copyCheckout } from '../checkoutCopy.ts'
import { ask, failed, groupEnded, textOf } from '../programs.ts'
import { Devcontainer } from './devcontainer.ts'
import { collectCluster } from './evidence.ts'
import { lifecycle, type TypeCommand } from './lifecycle.ts'
import { takePublishedImages } from './publishedImages.ts'
import type { RealRun } from './realRun.ts'

const LOAD_DEADLINE_MS = 600_000
const LOAD_GRACE_MS = 5_000
/** The user of the container, where the files of the copy would otherwise belong to root in it too. */
const CONTAINER_USER = '1000:1000'

/**
 * The stack in the devcontainer of a copy of the checkout, as whoever types `devcontainer up` gets it; leaves nothing but
 * the images that were pulled.
 * @param cli how to call the devcontainer CLI.
 * @throws NebulaError when Docker is not there, or a step fails.
 */
export async function devcontainerPart(run: RealRun, cli: readonly string[]): Promise<void> {
  const { journal, root, definition, signal } = run
  journal.begin('devcontainer')
  const noDocker = await whyNoDocker()
  if (noDocker !== null) throw noDockerHere(noDocker)
  const copy = copyCheckout(root, 'nebula-real-', 'nebula')
  if (process.getuid?.() === 0) await textOf($`chown --recursive ${CONTAINER_USER} ${copy.root}`)
  const container = new Devcontainer(copy.root, cli, journal)
  const type: TypeCommand = async (title, command, args, deadlineMs) => {
    const argv = container.execArgv('npm', 'run', '--silent', command, '--', ...args)
    return await journal.program(title, argv, { cwd: copy.root, signal, deadlineMs, env: container.env })
  }
  try {
    await takePublishedImages(run, ['docker'], [await container.baseImage()])
    if (run.rehearsal) await load(run, container)
    await container.up('up', signal)
    await takePublishedImages(run, container.docker, await allImages(root, definition))
    await lifecycle(run, type, true)
  } catch (error) {
    if (!signal.aborted) {
      // None of it may take the place of what failed.
      await attempt(container.collect())
      if (container.isThere)
        await attempt(collectCluster(journal, copy.root, (argv) => container.look(argv), definition))
    }
    throw error
  } finally {
    process.stderr.write(pc.dim('· devcontainer: cleaning up …\n'))
    const failed = (await attempt(container.remove())) ?? (await attempt((async () => copy.remove())()))
    if (failed instanceof Error) {
      process.stderr.write(`${pc.yellow('!')} the clean-up failed: ${journal.redactor.redact(failed.message)}\n`)
      process.stderr.write(`${pc.cyan('→')} docker ps --all --filter label=devcontainer.local_folder=${copy.root}\n`)
    }
  }
}

function noDockerHere(reason: string): NebulaError {
  return new NebulaError(`the devcontainer cannot run here: ${reason}`, {
    code: 'DOCKER_UNREACHABLE',
    hint: 'npm run doctor',
    exitCode: ExitCode.Precondition,
  })
}

/** A machine for rehearsals reaches no registry, and so does not its container: it is given what this Docker has. */
async function load({ root, definition, journal, signal }: RealRun, container: Devcontainer): Promise<void> {
  await container.up('create', signal, '--skip-post-create')
  await journal.step('load images', async () => {
    const images: string[] = []
    for (const image of await allImages(root, definition)) {
      if ((await ask`docker image inspect --format {{.Id}} ${image}`).ok) images.push(image)
    }
    const inGroup = $({ detached: true, nothrow: true, quiet: true })
    const loading = inGroup`docker save ${images} | docker exec --interactive ${container.id} docker load --quiet`
    const { output } = await groupEnded(loading, { signal, graceMs: LOAD_GRACE_MS, deadlineMs: LOAD_DEADLINE_MS })
    signal.throwIfAborted()
    if (!output.ok) throw failed('loading the images into the container', output)
    return `${images.length} images`
  })
}
