import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'

const Owner = z.string().regex(/^\d+:\d+$/, 'uid:gid')
const Mode = z.string().regex(/^[0-7]{4}$/, 'four octal digits, such as 0755')

const File = z.strictObject({
  path: z.string().startsWith('/'),
  kind: z.enum(['file', 'directory', 'link']),
  mode: Mode.optional(),
  owner: Owner.optional(),
  /** Of a link. */
  target: z.string().optional(),
  /** What the first line of a script names. */
  interpreter: z.string().startsWith('/').optional(),
})

const Source = z.strictObject({
  /** `owner/name` on GitHub; absent for a file of this repository. */
  repository: z.string().optional(),
  path: z.string(),
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  note: z.string().optional(),
})

const Shape = z.strictObject({
  image: z.string(),
  version: z.string(),
  /** What pulls and starts it without being told to by a file of ours. */
  startedBy: z.enum(['k3s', 'k3d']).optional(),
  source: z.array(Source).min(1),
  base: z.string(),
  config: z.strictObject({
    user: z.string(),
    entrypoint: z.array(z.string()),
    command: z.array(z.string()),
    workingDirectory: z.string(),
    volumes: z.array(z.string()),
    ports: z.array(z.int()),
    stopSignal: z.string().startsWith('SIG'),
    environment: z.record(z.string(), z.string()).default({}),
  }),
  users: z.record(z.string(), z.strictObject({ uid: z.int(), gid: z.int(), home: z.string().optional() })).default({}),
  files: z.array(File).default([]),
  reads: z.array(z.string()).default([]),
  executes: z.array(z.string()).default([]),
  writes: z.array(z.string()).default([]),
  binds: z.array(z.int()).default([]),
  signals: z.array(z.string().startsWith('SIG')).default([]),
  settings: z.string().optional(),
  notes: z.array(z.string()).default([]),
})

/** What an image looks like from outside: who it runs as, what it runs, who may read, execute and write what in it. */
export type ImageShape = Readonly<z.infer<typeof Shape>>

/** A file, folder or link of an image that something depends on. */
export type ShapeFile = Readonly<z.infer<typeof File>>

/** Where the shapes are recorded, relative to the repository. */
export const SHAPES_FILE = 'infra/images.yaml'

/**
 * The recorded shapes of the images that the stack names.
 * @throws NebulaError when the file is not as it has to be, with what is wrong where.
 */
export async function loadShapes(root: string): Promise<readonly ImageShape[]> {
  const parsed = z
    .strictObject({ images: z.array(Shape) })
    .safeParse(parse(await readFile(path.join(root, SHAPES_FILE), 'utf8')))
  if (parsed.success) return parsed.data.images
  throw new NebulaError(`${SHAPES_FILE}: ${z.prettifyError(parsed.error)}`, {
    code: 'IMAGE_SHAPES_INVALID',
    hint: `git diff ${SHAPES_FILE}`,
    exitCode: ExitCode.Precondition,
  })
}

/** The shape recorded for an image reference, `docker.io/` or not, whatever its tag; undefined when there is none. */
export function shapeOf(shapes: readonly ImageShape[], reference: string): ImageShape | undefined {
  const name = reference.replace(/@.*$/, '').replace(/:[\w.-]+$/, '')
  return shapes.find(({ image }) => [image, image.replace(/^docker\.io\/(library\/)?/, '')].includes(name))
}
