import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { copyCheckout, repository } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

const SOURCE = 'packages/stack/src'
/** The rooms of the library, the lowest first. A room uses those on the floors below its own, and itself. */
const FLOORS: readonly (readonly string[])[] = [
  ['errors', 'http'],
  ['system'],
  ['checkout', 'devcontainer', 'images'],
  ['secrets'],
  ['catalogue'],
  ['health', 'preflight', 'codespaces', 'convex'],
  ['driver', 'verify'],
  ['cluster', 'embedded'],
  ['chooseMode.ts'],
  ['openDriver.ts'],
]
/** Inside of embedded mode: what both of its processes share, the supervisor's own, and the command's. */
const EMBEDDED_FLOORS: readonly (readonly string[])[] = [['state', 'programs'], ['supervisor'], ['.']]

const files = execFileSync('git', ['ls-files', SOURCE], { cwd: repository, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file.endsWith('.ts'))

/** Which files a file imports, relative to the repository. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(repository, file), 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, specifier = '']) => specifier)
  return specifiers.map((specifier) => path.posix.join(path.posix.dirname(file), specifier))
}

function roomOf(file: string, of: string): string {
  const [room = '', ...rest] = path.posix.relative(of, file).split('/')
  return rest.length === 0 && of !== SOURCE ? '.' : room
}

function upward(floors: readonly (readonly string[])[], of: string): readonly string[] {
  const floorOf = (room: string) => floors.findIndex((rooms) => rooms.includes(room))
  return files
    .filter((file) => file.startsWith(`${of}/`))
    .flatMap((file) => importsOf(file).map((imported) => [file, imported] as const))
    .filter(([, imported]) => imported.startsWith(`${of}/`))
    .filter(([file, imported]) => {
      const [from, to] = [roomOf(file, of), roomOf(imported, of)]
      return from !== to && floorOf(from) <= floorOf(to)
    })
    .map(([file, imported]) => `${file} -> ${imported}`)
}

test('every room of the library has a floor', () => {
  const rooms = new Set(files.map((file) => roomOf(file, SOURCE)))
  expect([...rooms].sort()).toEqual(FLOORS.flat().sort())
})

test('imports lead downward only', () => {
  expect(upward(FLOORS, SOURCE)).toEqual([])
  expect(upward(EMBEDDED_FLOORS, `${SOURCE}/embedded`)).toEqual([])
})

test('the example is packages/convex, packages/shared, apps/worker and apps/desktop: nothing else needs it', () => {
  const others = execFileSync('git', ['ls-files', 'packages/stack', 'packages/convex-embedded', 'scripts'], {
    cwd: repository,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /\.(ts|mjs)$/.test(file))
  const users = others.filter((file) =>
    /(?:from|import\()\s*'(?:@nebula\/(?:convex|shared|worker|desktop)\/?|[./]+\/(?:packages\/(?:convex|shared)|apps)\/)/.test(
      readFileSync(path.join(repository, file), 'utf8'),
    ),
  )
  // What hands its proof over, and what measures it.
  expect(users).toEqual(['scripts/bench.ts', 'scripts/verify.ts'])
})

test.each([
  {
    what: 'of an application',
    folder: 'verify',
    text: "import { api } from '@nebula/convex/api'\nexport const a = api\n",
    rule: 'noRestrictedImports',
  },
  {
    what: 'of a floor above',
    folder: 'system',
    text: "import { findRoot } from '../../checkout/root.ts'\nexport const a = findRoot\n",
    rule: 'noRestrictedImports',
  },
  {
    what: 'in a circle',
    folder: 'health',
    text: "import type { b } from './other.ts'\nexport const a: typeof b = 1\n",
    rule: 'noImportCycles',
  },
])('lint refuses an import $what', async ({ folder, text, rule }) => {
  const checkout = copyCheckout()
  onTestFinished(() => checkout.remove())
  const place = path.join(checkout.root, SOURCE, folder, 'broken')
  mkdirSync(place)
  writeFileSync(path.join(place, 'broken.ts'), text)
  writeFileSync(path.join(place, 'other.ts'), "import { a } from './broken.ts'\nexport const b = a\n")
  const lint = await run(checkout.root, ['biome', 'lint', path.join(place, 'broken.ts')])
  expect(lint.exitCode, lint.output).toBe(1)
  expect(lint.output).toContain(rule)
})
