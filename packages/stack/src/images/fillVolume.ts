import path from 'node:path'
import type { FoundFile, Identity, VolumeContents } from './containerFiles.ts'
import type { ImageShape } from './imageShape.ts'
import type { Look } from './look.ts'

/** `install --mode=M --target-directory=D FILE…`: what it leaves on a volume for the containers after it. */
export function installFiles(args: readonly string[], look: Look, contents: VolumeContents, identity: Identity): void {
  const option = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
  const target = option('target-directory') ?? '.'
  look.writes(target)
  const place = look.onVolume(target)
  for (const source of args.filter((arg) => !arg.startsWith('--'))) {
    const file = look.reads(source)
    if (!file || !place) continue
    const there = contents.get(place.volume) ?? new Map<string, FoundFile>()
    const mode = Number.parseInt(option('mode') ?? '755', 8)
    there.set(path.posix.join(place.inside, path.posix.basename(source)), {
      ...file,
      mode,
      uid: identity.uid,
      gid: identity.gids[0] ?? 0,
    })
    contents.set(place.volume, there)
  }
}

/** `cp --archive --parents SOURCE… TARGET`: the recorded files keep their mode and their path, on a volume. */
export function copyFiles(args: readonly string[], look: Look, contents: VolumeContents, shape: ImageShape): void {
  const places = args.filter((arg) => !arg.startsWith('--'))
  const target = places.at(-1) ?? '.'
  look.writes(target)
  const place = look.onVolume(target)
  for (const source of places.slice(0, -1)) {
    look.reads(source)
    for (const { path: from } of shape.files.filter((file) => isBelow(file.path, source))) {
      const file = look.reads(from)
      if (!file || !place) continue
      const there = contents.get(place.volume) ?? new Map<string, FoundFile>()
      there.set(path.posix.join(place.inside, path.posix.relative('/', from)), file)
      contents.set(place.volume, there)
    }
  }
}

function isBelow(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`)
}
