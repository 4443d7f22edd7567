import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { allEndpoints } from '@nebula/stack/catalogue/endpoints'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { personUrl } from '@nebula/stack/codespaces/browserUrls'
import { Variable } from '@nebula/stack/embedded/programs/programSearch'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { repository } from '../lib/checkout.ts'

const read = (file: string) => readFileSync(path.join(repository, file), 'utf8')
const Manifest = z.object({
  packageManager: z.string().optional(),
  scripts: z.record(z.string(), z.string()).default({}),
})
const manifest = (folder = '.') => Manifest.parse(JSON.parse(read(path.join(folder, 'package.json'))))

/** Started by the stack or by the devcontainer, not by a person. */
const INTERNAL = ['dashboard-proxy', 'on-create', 'post-create', 'post-start', 'supervise', 'update-content']
/** For whoever works on the repository; a person who only uses the stack has no need of them. */
const WITHOUT_RECIPE = ['format', 'fuzz', 'images', 'mutants', 'pnpm']

test('every command is an npm script that starts it through the bootstrap', () => {
  const commands = globSync('*.ts', { cwd: path.join(repository, 'scripts') }).map((file) => path.basename(file, '.ts'))
  const expected = [...commands, 'pnpm'].filter((name) => !INTERNAL.includes(name))
  const { scripts } = manifest()
  expect(Object.keys(scripts).sort()).toEqual(expected.sort())
  for (const [name, script] of Object.entries(scripts)) expect(script).toBe(`node scripts/bootstrap/run.mjs ${name}`)
})

test('every command that a person types is a recipe', () => {
  const recipes = [...read('justfile').matchAll(/^([a-z-]+) \*args:\n {4}@\{\{ nebula \}\} ([a-z-]+) "\$@"$/gm)]
  for (const [, recipe, command] of recipes) expect(command).toBe(recipe)
  const expected = Object.keys(manifest().scripts).filter((name) => !WITHOUT_RECIPE.includes(name))
  expect(recipes.map(([, recipe]) => recipe).sort()).toEqual(expected.sort())
})

test('the pnpm that is locked is the one that package.json names, on every platform', () => {
  const version = manifest().packageManager?.replace('pnpm@', '')
  const locked = z
    .object({
      packages: z.record(z.string(), z.object({ version: z.string().optional(), integrity: z.string().optional() })),
    })
    .parse(JSON.parse(read('scripts/bootstrap/pnpm/package-lock.json'))).packages
  const programs = Object.entries(locked).filter(([name]) => name !== '')
  const platforms = ['darwin', 'linux', 'win32'].flatMap((system) => [`${system}-arm64`, `${system}-x64`])
  expect(programs.map(([name]) => name)).toEqual(platforms.map((platform) => `node_modules/@pnpm/exe.${platform}`))
  for (const [name, entry] of programs) {
    expect(entry.version, name).toBe(version)
    expect(entry.integrity, name).toMatch(/^sha512-[\w+/]{86}==$/)
  }
  const { optionalDependencies } = JSON.parse(read('scripts/bootstrap/pnpm/package.json'))
  expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([version]))
})

test.each(['pnpm-lock.yaml', 'scripts/bootstrap/pnpm/package-lock.json'])('%s names no registry', (file) => {
  expect(read(file)).not.toMatch(/https?:\/\/|tarball:|"resolved"/)
})

test('every package can be checked', () => {
  const workspace = z.object({ packages: z.array(z.string()) }).parse(parse(read('pnpm-workspace.yaml')))
  const folders = workspace.packages.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: repository }))
  expect(folders.length).toBeGreaterThan(3)
  for (const file of folders) expect(manifest(path.dirname(file)).scripts, file).toHaveProperty('check')
})

test.each(Object.values(Variable))('README.md says what %s does', (name) => {
  expect(readFileSync(path.join(repository, 'README.md'), 'utf8')).toMatch(new RegExp(`^\\| \`${name}\` +\\| \\w`, 'm'))
})

test.each(['README.md', 'CLAUDE.md'])('the table of ports in %s is what stack.yaml says', async (file) => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const expected = allEndpoints(catalogue).map((endpoint) => {
    const url = personUrl(endpoint)
    return [endpoint.owner, endpoint.label, String(endpoint.localPort), url === null ? '' : `<${url}>`]
  })
  const [, table] = /<!-- ports: .*? -->\n+([\s\S]*?)\n(?:\n|$)/.exec(read(file)) ?? []
  const rows = (table ?? '').split('\n').slice(2)
  const cells = rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
  expect(cells).toEqual(expected)
})

test.each(['README.md', 'docs/troubleshooting.md'])('every command that %s tells to type is there', (file) => {
  const typed = [...read(file).matchAll(/(?:^ {4}|[`;&] ?|=0 )(?:just|npm run) ([a-z][a-z-]*)/gm)].map(
    ([, name]) => name,
  )
  expect(typed.length).toBeGreaterThan(5)
  expect(Object.keys(manifest().scripts)).toEqual(expect.arrayContaining(typed))
})

/** Where a program is started: in `exec`, and for what it cannot do. */
const STARTERS = [
  'packages/stack/src/system/exec.ts',
  // What goes on in the background.
  'packages/stack/src/system/startInBackground.ts',
  'packages/stack/src/embedded/supervisor/child.ts',
  // An archive that is read as it comes, and of which only the beginning is wanted.
  'packages/stack/src/images/observeImage.ts',
]

test('programs are run by exec, and by zx in scripts', () => {
  const sources = globSync(
    ['scripts/*.ts', 'scripts/lib/**/*.ts', '{packages,apps}/*/{src,vite,convex,scripts}/**/*.{ts,tsx,mjs}'],
    {
      cwd: repository,
      exclude: (file) => file.endsWith('node_modules'),
    },
  )
  expect(sources.length).toBeGreaterThan(200)
  const starters = sources.filter((file) => /['"](node:)?child_process['"]/.test(read(file)))
  expect(starters.sort()).toEqual([...STARTERS].sort())
  const packages = sources.filter((file) => /^(packages|apps)/.test(file))
  expect(packages.filter((file) => /from ['"]zx(\/|['"])/.test(read(file)))).toEqual([])
  const scripts = sources.filter((file) => file.startsWith('scripts'))
  expect(scripts.filter((file) => /stack\/system\/exec['"]/.test(read(file)))).toEqual([])
})
