import path from 'node:path'
import { type ReferenceContext, resolveReferences } from '../../catalogue/references.ts'
import type { Service } from '../../catalogue/schema.ts'
import { dataFolder } from '../../checkout/paths.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import { describeProgram, type Programs } from '../programs/programs.ts'
import { type EmbeddedStack, ownerMark } from '../state/embeddedStack.ts'
import { temporaryFolder } from '../state/temporaryFolder.ts'

/** A process as it is to be started. */
export interface Launch {
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where it keeps data, absolute, if it keeps any; the folder is made before it starts. */
  readonly data?: string
  /** Where it keeps temporary files, absolute, if it says where; the folder is there as long as it runs. */
  readonly temporary?: string
  /** Files and folders, absolute, whose change starts it anew. */
  readonly watch: readonly string[]
  /** What native program it is, for `status`. */
  readonly program?: string
}

export interface LaunchContext extends Pick<EmbeddedStack, 'root' | 'whole'> {
  readonly secrets: Secrets
  readonly programs: Programs
}

/**
 * How a service's process is started.
 * @returns null for a service that lives in another one's process, or is not part of embedded mode.
 */
export function launchOf(service: Service, context: LaunchContext): Launch | null {
  const { embedded } = service
  if (!embedded?.argv) return null
  const program = embedded.program ? context.programs[embedded.program] : undefined
  const { argv, env } = program || !embedded.standIn ? { argv: embedded.argv, env: embedded.env } : embedded.standIn
  const { data, temporary, ...rest } = referencesOf(service.id, context)
  const references = { data, temporary, ...rest, ...(program ? { program: program.path } : {}) }
  const refersTo = (name: string) => [...argv, ...Object.values(env)].some((text) => text.includes(`\${${name}}`))
  const [name = '', ...args] = argv.map((text) => resolveReferences(text, references))
  return {
    argv: [name === 'node' ? process.execPath : name, ...args],
    cwd: path.join(context.root, embedded.cwd ?? '.'),
    env: {
      ...surroundings(context.root),
      ...Object.fromEntries(Object.entries(env).map(([key, text]) => [key, resolveReferences(text, references)])),
    },
    ...(refersTo('data') ? { data } : {}),
    ...(refersTo('temporary') ? { temporary } : {}),
    watch: embedded.watch.map((file) => path.join(context.root, file)),
    ...(program ? { program: describeProgram(program) } : {}),
  }
}

/** What the references of a service stand for, except the path of its program. */
export function referencesOf(id: string, context: LaunchContext): ReferenceContext {
  const { root, whole, secrets } = context
  return { catalogue: whole, secrets, data: dataFolder(root, id), temporary: temporaryFolder(root, id) }
}

/** The repository's own tools come first, and its Node.js before those. */
function surroundings(root: string): Record<string, string | undefined> {
  const [markName, mark] = ownerMark(root)
  const folders = [path.dirname(process.execPath), path.join(root, 'node_modules/.bin'), process.env.PATH]
  return {
    PATH: folders.filter(Boolean).join(path.delimiter),
    // What was meant for the command that a person typed.
    NODE_OPTIONS: undefined,
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    DO_NOT_TRACK: '1',
    [markName]: mark,
  }
}
