import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import pc from 'picocolors'
import { formatMs } from '../render/words.ts'
import { type ProgramOptions, runProgram } from './program.ts'
import type { Redactor } from './redactor.ts'

export interface StepRecord {
  readonly part: string
  readonly title: string
  readonly ok: boolean
  readonly ms: number
  readonly detail: string
}

const LAST_LINES = 25

/** What happened: a line for each step with its time, and in a folder what each program said. */
export class Journal {
  readonly folder: string
  readonly redactor: Redactor
  readonly steps: StepRecord[] = []
  #part = ''

  constructor(folder: string, redactor: Redactor) {
    this.folder = folder
    this.redactor = redactor
  }

  /** The steps that follow belong to this part. */
  begin(part: string): void {
    this.#part = part
  }

  /**
   * Does one step and says how it went.
   * @param action returns what there is to say about it, if anything.
   */
  async step(title: string, action: () => Promise<string>): Promise<void> {
    process.stderr.write(pc.dim(`· ${this.#part}: ${title} …\n`))
    const start = performance.now()
    const note = (ok: boolean, detail: string) => {
      const ms = performance.now() - start
      this.steps.push({ part: this.#part, title, ok, ms, detail })
      const mark = ok ? pc.green('✓') : pc.red('✗')
      const line = `${mark} ${this.#part.padEnd(12)} ${title.padEnd(20)} ${pc.dim(formatMs(ms).padStart(11))}  ${detail}`
      process.stdout.write(`${line.trimEnd()}\n`)
    }
    try {
      note(true, await action())
    } catch (error) {
      note(false, '')
      throw error
    }
  }

  /**
   * Runs a program in a checkout as one step, and keeps what it said without that checkout's secrets.
   * @returns its stdout.
   * @throws NebulaError with its last lines when it fails or does not end in time; it exits with what the program did.
   */
  async program(title: string, argv: readonly string[], options: ProgramOptions): Promise<string> {
    let stdout = ''
    await this.step(title, async () => {
      const result = await runProgram(argv, options)
      await this.redactor.learn(options.cwd)
      const log = await this.keep(`${slug(`${this.#part} ${title}`)}.log`, result.output)
      // What it said until Ctrl-C is kept too: it may be why somebody lost patience.
      options.signal?.throwIfAborted()
      stdout = result.stdout
      if (result.exitCode === 0) return ''
      const how = result.timedOut
        ? `did not end within ${formatMs(options.deadlineMs)}`
        : `ended with exit code ${result.exitCode}`
      const last = this.redactor.redact(result.output).trimEnd().split('\n').slice(-LAST_LINES)
      throw new NebulaError(
        [`${this.#part}: ${title} ${how}`, ...last.map((line) => pc.dim(`  │ ${line}`))].join('\n'),
        {
          code: 'STEP_FAILED',
          hint: `less '${log}'`,
          exitCode: result.timedOut ? ExitCode.TimedOut : exitCodeOf(result.exitCode),
        },
      )
    })
    return stdout
  }

  /** Writes a text into the folder, numbered by the step that it belongs to, and returns where it is. */
  async keep(name: string, text: string): Promise<string> {
    return await this.write(`${String(this.steps.length + 1).padStart(2, '0')}-${name}`, text)
  }

  /** Writes a text into the folder, without secrets, and returns where it is. */
  async write(name: string, text: string): Promise<string> {
    const file = path.join(this.folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, this.redactor.redact(text))
    return file
  }
}

function exitCodeOf(code: number | null): ExitCode {
  return Object.values(ExitCode).find((known) => known === code && known !== ExitCode.Green) ?? ExitCode.Failed
}

function slug(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}
