import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { repository } from './checkout.ts'

/** What a fake program does: matched against its whole command line, first match wins. */
export interface Answer {
  readonly when: RegExp
  /** Only when this very command line comes for the n-th time. */
  readonly time?: number
  readonly stdout?: string
  readonly stderr?: string
  readonly exitCode?: number
  /** Files that it writes, relative to where it is called. */
  readonly files?: Readonly<Record<string, string>>
  /** Does not end until it is told to. */
  readonly hangs?: boolean
}

const Call = z.object({ line: z.string(), cwd: z.string() })

/** Programs that do what a test says, in a folder of their own for PATH; gone when the test ends. */
export class FakeTools {
  readonly folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'nebula-tools-'))
  readonly bin = path.join(this.folder, 'bin')
  readonly path = `${this.bin}${path.delimiter}${process.env.PATH}`

  constructor(names: readonly string[], answers: readonly Answer[]) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }))
    mkdirSync(this.bin)
    for (const name of names) symlinkSync(path.join(repository, 'tests/fixture/tool.mjs'), path.join(this.bin, name))
    const rules = answers.map(({ when, ...answer }) => ({ when: when.source, ...answer }))
    writeFileSync(path.join(this.folder, 'answers.json'), JSON.stringify(rules))
  }

  /** How they were called, in order. */
  calls(): readonly z.infer<typeof Call>[] {
    const file = path.join(this.folder, 'calls')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
    return lines.map((line) => Call.parse(JSON.parse(line)))
  }

  /** The command lines that begin like this, without that beginning. */
  lines(beginning: string): readonly string[] {
    const lines = this.calls().map(({ line }) => line)
    return lines.filter((line) => line.startsWith(beginning)).map((line) => line.slice(beginning.length))
  }
}
