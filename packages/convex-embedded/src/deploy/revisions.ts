import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { corrupt } from '../store/corruption.ts'
import { Sources } from './pushRequest.ts'

const MANIFEST = 'manifest.json'
/** Beside a folder `convex`, which the source maps mean by `../convex/runs.ts`. */
const OUT = 'out'

/**
 * Pushed sources on disk: `functions/<revision>/out/runs.js`. Every load gets a folder of its own, since Node.js
 * evaluates a file once and never forgets it, the failed ones included.
 */
export class Revisions {
  readonly #folder: string
  #last: number

  constructor(dataDir: string) {
    this.#folder = path.join(dataDir, 'functions')
    mkdirSync(this.#folder, { recursive: true })
    this.#last = Math.max(0, ...this.#numbers())
  }

  /** Writes sources into a new folder. @returns its number */
  write(sources: Sources): number {
    this.#last += 1
    const folder = path.join(this.#folder, String(this.#last))
    const building = path.join(this.#folder, `.${this.#last}`)
    rmSync(building, { recursive: true, force: true })
    for (const module of sources.modules) {
      const file = path.join(building, OUT, module.path)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, module.source)
      if (module.sourceMap !== undefined) writeFileSync(`${file}.map`, module.sourceMap)
    }
    mkdirSync(path.join(building, OUT), { recursive: true })
    writeFileSync(path.join(building, OUT, 'package.json'), '{"type":"module"}\n')
    writeFileSync(path.join(building, MANIFEST), JSON.stringify(sources), { flush: true })
    renameSync(building, folder)
    return this.#last
  }

  /** @throws NebulaError when the folder is not what `write` made. */
  read(revision: number): Sources {
    const file = path.join(this.#folder, String(revision), MANIFEST)
    try {
      return Sources.parse(JSON.parse(readFileSync(file, 'utf8')))
    } catch (error) {
      throw corrupt(file, 'the deployed functions are not readable', error)
    }
  }

  fileOf(revision: number, modulePath: string): string {
    return path.join(this.#folder, String(revision), OUT, modulePath)
  }

  /** Removes what neither runs nor is about to. */
  keepOnly(revisions: readonly number[]): void {
    for (const name of readdirSync(this.#folder)) {
      if (!revisions.includes(Number(name))) rmSync(path.join(this.#folder, name), { recursive: true, force: true })
    }
  }

  #numbers(): number[] {
    return readdirSync(this.#folder)
      .map((name) => Number(name.replace(/^\./, '')))
      .filter(Number.isInteger)
  }
}

/** The same for the same sources in the same environment. */
export function fingerprintOf(sources: Sources, environment: Readonly<Record<string, string>>): string {
  return createHash('sha256')
    .update(JSON.stringify([sources, environment]))
    .digest('hex')
}
