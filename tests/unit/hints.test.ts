import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { STACK_FILE } from '@nebula/stack/checkout/root'
import { beforeAll, expect, test } from 'vitest'
import { type Advice, codeOfMarkdown, hintsOfTiltfile, hintsOfYaml, stringsOf } from '../lib/advice.ts'
import { repository } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

const SOURCES = ['{apps,packages}/*/{src,vite,client,convex,scripts}/**/*.{ts,tsx}', 'scripts/**/*.{ts,mjs}']
const DOCUMENTS = ['*.md', 'docs/**/*.md', 'packages/*/README.md', '.devcontainer/**/*.md']
/** Programs that hints name, with the subcommands that help. The shapes of their options are their own affair. */
const SUBCOMMANDS: Readonly<Record<string, RegExp>> = {
  docker:
    /^((builder|container|image|system|volume) prune|image rm|login|logs|network connect|ps|pull|rm|system df|version|volume rm)\b/,
  kubectl: /^(describe|get|logs|port-forward|rollout restart|run)\b/,
  tilt: /^(ci|trigger|logs|version)\b/,
  git: /^(checkout|clean|diff|clone)\b/,
  k3d: /^(cluster (delete|list|start)|version)\b/,
  ctlptl: /^(apply|get|version)\b/,
}
/** For the Convex CLI; in no repository. */
const MADE_BY_UP = 'packages/convex/.env.local'
const PNPM = /^(install|add|remove|update|why|exec|store|list)$/
const PNPM_OPTIONS = /^--(filter|frozen-lockfile|force|offline|workspace-folder|save-dev)$/

let services: readonly string[]
/** The names of the npm scripts, with what each says of its options. */
const helps = new Map<string, string>()
const packages = new Map<string, readonly string[]>()
let advice: readonly Advice[]

beforeAll(async () => {
  const catalogue = await loadCatalogue(path.join(repository, STACK_FILE))
  services = [...catalogue.platform, ...catalogue.services].map(({ id }) => id)
  for (const file of ['package.json', ...globSync('{apps,packages}/*/package.json', { cwd: repository })]) {
    const manifest = JSON.parse(read(file))
    packages.set(manifest.name, Object.keys(manifest.scripts))
  }
  advice = [
    ...files(SOURCES).flatMap((file) => stringsOf(file, read(file))),
    ...hintsOfYaml(STACK_FILE, read(STACK_FILE)),
    ...files(['infra/**/Tiltfile']).flatMap((file) => hintsOfTiltfile(file, read(file))),
    ...files(DOCUMENTS).flatMap((file) => codeOfMarkdown(file, read(file))),
  ]
})

test('every npm command that somebody is told to type exists, with its options', async () => {
  const problems: string[] = []
  let count = 0
  for (const { where, text } of advice) {
    for (const [, name = '', args = ''] of text.matchAll(
      /\bnpm (?:run )?(?<=run |npm (?=test))([a-z-]+)(?: --silent)?(?: -- ([^`;|&)\n]*))?/g,
    )) {
      count += 1
      const problem = await problemOf(name, args)
      if (problem) problems.push(`${where}: npm run ${name} -- ${args}: ${problem}`)
    }
  }
  expect(problems).toEqual([])
  expect(count).toBeGreaterThan(80)
})

test('nobody is told to type what may not be installed: one voice, npm run', () => {
  const others = /^(?:[A-Z_]+=[^ ]+ )*(just|pnpm|npx|yarn|turbo) (?!…)[a-z-]+/
  const problems = advice
    .filter((each) => commandsOf(each).some((command) => others.test(command)))
    // The Convex CLI is for who develops with Convex, in its package.
    .filter(({ text }) => !/`?npx convex/.test(text))
    .map(({ where, text }) => `${where}: ${text}`)
  expect(problems).toEqual(['README.md: just logs nebula-worker --follow'])
})

test('other programs are called by subcommands that they have, for services and places that there are', () => {
  const problems: string[] = []
  for (const { where, command } of advice.flatMap((each) =>
    commandsOf(each).map((command) => ({ ...each, command })),
  )) {
    const [, program = '', args] = /^(docker|kubectl|tilt|git|k3d|ctlptl) (.+)/.exec(command) ?? []
    if (args !== undefined) {
      const subcommand = args.replace(/^(-{1,2}[\w-]+[ =]\S+ )+/, '')
      if (!SUBCOMMANDS[program]?.test(subcommand) && subcommand !== '…') problems.push(`${where}: ${command}`)
      const [, service] = /^(?:trigger|rollout restart) (?:deployment\/)?([a-z-]+)/.exec(subcommand) ?? []
      if (service !== undefined && !services.includes(service)) problems.push(`${where}: no service ${service}`)
    }
  }
  expect(problems).toEqual([])
})

test('every file that a hint sends people to is there', () => {
  const problems = advice
    .filter(({ kind }) => kind !== 'other')
    .flatMap(({ where, text }) =>
      [...text.matchAll(/(?<![\w./-])(?:infra|packages|scripts|docs|apps)\/[\w./-]*\w/g)]
        .filter(([file]) => !existsSync(path.join(repository, file)) && file !== MADE_BY_UP)
        .map(([file]) => `${where}: ${file}`),
    )
  expect(problems).toEqual([])
})

/** What a hint is made of that somebody may type: all of it, one part after the other, or what a message has in backticks. */
function commandsOf({ kind, text }: Advice): string[] {
  const inBackticks = [...text.matchAll(/`([^`]+)`/g)].map(([, command = '']) => command)
  const all = kind === 'hint' ? [text, ...inBackticks] : kind === 'message' ? inBackticks : []
  return all.flatMap((command) => command.split(/ && |; |: |\n/)).map((command) => command.trim())
}

/** What is wrong with `npm run <name> -- <args>`. */
async function problemOf(name: string, args: string): Promise<string | undefined> {
  if (!packages.get('nebula')?.includes(name)) return 'no such command'
  const [own = ''] = args.split(' -- ')
  const words = own.split(/[\s'"]+/).filter(Boolean)
  if (name === 'pnpm') return pnpmProblem(words)
  const help = await helpOf(name)
  const unknown = words.find((word) => /^--?[a-z]/.test(word) && !help.includes(` ${word.replace(/[.,]$/, '')}`))
  if (unknown) return `no option ${unknown}`
  const [first = ''] = words
  const isService = services.includes(first) || /^[<…-]|^$/.test(first)
  return name === 'logs' && !isService ? `no service ${first}` : undefined
}

function pnpmProblem(words: readonly string[]): string | undefined {
  const unknown = words.find((word) => word.startsWith('--') && !PNPM_OPTIONS.test(word))
  if (unknown) return `no option ${unknown} of pnpm that we know`
  const filter = words.indexOf('--filter')
  const name = filter >= 0 ? words[filter + 1] : undefined
  if (name !== undefined && !packages.has(name) && name !== '<package>') return `no package ${name}`
  const rest = words.filter((word, index) => !word.startsWith('--') && index !== (filter >= 0 ? filter + 1 : -1))
  const [command = '', program = ''] = rest
  if (command === 'exec') {
    return existsSync(path.join(repository, 'node_modules/.bin', program)) ? undefined : `no program ${program}`
  }
  const isScript = packages.get(name ?? 'nebula')?.includes(command)
  return command === '' || command === '…' || isScript || PNPM.test(command) ? undefined : `no command ${command}`
}

async function helpOf(name: string): Promise<string> {
  const known = helps.get(name)
  if (known !== undefined) return known
  const { exitCode, output } = await run(repository, [process.execPath, `scripts/${name}.ts`, '--help'])
  expect(exitCode, output).toBe(0)
  helps.set(name, output)
  return output
}

function files(patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: repository }).filter((file) => !/node_modules|_generated|\/dist\//.test(file))
}

function read(file: string): string {
  return readFileSync(path.join(repository, file), 'utf8')
}
