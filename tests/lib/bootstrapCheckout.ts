import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { repository } from './checkout.ts'
import { type CommandOptions, type CommandResult, nebula } from './nebula.ts'

/** Installs what `pnpm install` would have, as far as the bootstrap looks at it. */
const FAKE_PNPM = `#!/bin/sh
echo "pnpm $*" >> calls
[ -e fail-offline ] && case "$*" in *--offline*) exit 1 ;; esac
if [ -e fail-install ]; then cat fail-install; exit 1; fi
[ -e slow-install ] && sleep 1
mkdir -p node_modules/.bin "node_modules/node-$PLATFORM/bin"
ln -sf "$NODE" "node_modules/node-$PLATFORM/bin/node"
`

/** Stands in for npm: brings the fake pnpm, and has no settings. */
const FAKE_NPM = `
import { appendFileSync, chmodSync, copyFileSync, mkdirSync, readFileSync, existsSync } from 'node:fs'
import path from 'node:path'
const here = import.meta.dirname
const args = process.argv.slice(2)
if (args[0] === 'config') {
  console.log('{}')
} else if (existsSync(path.join(here, 'fail-npm'))) {
  console.error(readFileSync(path.join(here, 'fail-npm'), 'utf8'))
  process.exitCode = 1
} else {
  appendFileSync(path.join(here, 'npm-calls'), args.join(' ') + '\\n')
  const [name] = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies)
  mkdirSync(path.join('node_modules', name), { recursive: true })
  copyFileSync(path.join(here, 'pnpm'), path.join('node_modules', name, 'pnpm'))
}
`

/** The command that the tests start: says what it got, and waits for a signal when told to. */
const COMMAND = `
console.log(JSON.stringify({ args: process.argv.slice(2), path: process.env.PATH.split(':') }))
process.on('SIGTERM', () => { console.log('terminated'); process.exit(7) })
if (process.argv.includes('wait')) { console.log('waiting'); setInterval(() => {}, 1000) }
else process.exitCode = Number(process.argv[2] ?? 0)
`

/** The bootstrap in a small repository, with an npm and a pnpm that reach no network. */
export class BootstrapCheckout implements Disposable {
  readonly #parent = mkdtempSync(path.join(tmpdir(), 'nebula bootstrap '))
  readonly root = path.join(this.#parent, 'a checkout')

  constructor() {
    cpSync(path.join(repository, 'scripts/bootstrap'), path.join(this.root, 'scripts/bootstrap'), { recursive: true })
    cpSync(path.join(repository, 'package.json'), path.join(this.root, 'package.json'))
    for (const folder of ['apps', 'packages/one']) mkdirSync(path.join(this.root, folder), { recursive: true })
    this.write('packages/one/package.json', '{}')
    this.write('pnpm-lock.yaml', 'lockfileVersion: 9\n')
    this.write('pnpm-workspace.yaml', '')
    this.write('scripts/say.ts', COMMAND)
    writeFileSync(path.join(this.#parent, 'npm-cli.js'), FAKE_NPM)
    writeFileSync(path.join(this.#parent, 'package.json'), '{"type":"module"}')
    writeFileSync(path.join(this.#parent, 'pnpm'), FAKE_PNPM)
    chmodSync(path.join(this.#parent, 'pnpm'), 0o755)
  }

  /** Types `npm run <args>`. */
  async run(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const env = {
      npm_execpath: path.join(this.#parent, 'npm-cli.js'),
      NODE: process.execPath,
      PLATFORM: `${process.platform}-${process.arch}`,
      ...options.env,
    }
    return await nebula(this.root, args, { ...options, env })
  }

  /** How pnpm was called, one line each, and forgets it. */
  pnpmCalls(): readonly string[] {
    const calls = this.read('calls')?.trimEnd().split('\n') ?? []
    this.remove('calls')
    return calls
  }

  /** How npm was called to bring something, one line each. */
  npmCalls(): readonly string[] {
    const file = path.join(this.#parent, 'npm-calls')
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  }

  breakNpm(message: string): void {
    writeFileSync(path.join(this.#parent, 'fail-npm'), message)
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true })
    writeFileSync(path.join(this.root, file), text)
  }

  read(file: string): string | undefined {
    return existsSync(path.join(this.root, file)) ? readFileSync(path.join(this.root, file), 'utf8') : undefined
  }

  remove(file: string): void {
    rmSync(path.join(this.root, file), { recursive: true, force: true })
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true, force: true })
  }
}
