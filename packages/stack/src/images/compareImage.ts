import { isDeepStrictEqual } from 'node:util'
import type { ImageShape } from './imageShape.ts'
import type { ObservedImage } from './observeImage.ts'

/**
 * What of an image is not as its recorded shape says.
 * @returns one line a difference, `user: "nextjs" recorded, "" found`; empty when there is none.
 */
export function compareImage(shape: ImageShape, image: ObservedImage): readonly string[] {
  const { environment, volumes, ports, ...config } = shape.config
  const recorded = {
    ...config,
    // '' and / are one to Docker.
    workingDirectory: config.workingDirectory || '/',
    volumes: [...volumes].sort(),
    ports: [...ports].sort((a, b) => a - b),
  }
  const settings = Object.entries(recorded).flatMap(([name, value]) =>
    difference(name, value, image.config[name as keyof typeof recorded]),
  )
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    difference(name, value, image.config.environment[name] ?? null),
  )
  const users = Object.entries(shape.users).flatMap(([name, { uid, gid }]) =>
    difference(`user ${name}`, `${uid}:${gid}`, image.users.get(name) ?? null),
  )
  const files = shape.files.flatMap((file) => {
    const found = image.files.get(file.path)
    if (!found) return [`${file.path}: recorded, not found`]
    return [
      ...difference(`${file.path}: kind`, file.kind, found.kind),
      ...(file.kind === 'link' || file.mode === undefined
        ? []
        : difference(`${file.path}: mode`, forUsers(file.mode), forUsers(found.mode))),
      ...(file.owner === undefined ? [] : difference(`${file.path}: owner`, file.owner, found.owner)),
      ...(file.target === undefined ? [] : difference(`${file.path}: target`, file.target, found.target ?? null)),
    ]
  })
  return [...settings, ...variables, ...users, ...files]
}

/** Without the group's write bit: whether a file that was copied has it depends on who built the image, not on its sources. */
function forUsers(mode: string): string {
  return (Number.parseInt(mode, 8) & ~0o020).toString(8).padStart(4, '0')
}

function difference(what: string, recorded: unknown, found: unknown): readonly string[] {
  if (isDeepStrictEqual(recorded, found)) return []
  return [`${what}: ${JSON.stringify(recorded)} recorded, ${JSON.stringify(found)} found`]
}
