import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { json } from './clients.ts'
import { ADMIN_KEY, FIXTURE } from './fixture.ts'
import type { Server } from './server.ts'

/**
 * Deploys the fixture as the CLI does, bundled with the same options, in a fraction of its time. deploy.test.ts has the
 * CLI itself. Source: convex, src/bundler/debugBundle.ts
 */
export async function pushFixture(server: Pick<Server, 'url'>): Promise<void> {
  const folder = path.join(FIXTURE, 'convex')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts'))
  const { outputFiles } = await build({
    entryPoints: names.map((name) => path.join(folder, name)),
    outbase: folder,
    outdir: 'out',
    absWorkingDir: FIXTURE,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'esnext',
    conditions: ['convex', 'module'],
    write: false,
    sourcemap: true,
    splitting: true,
    chunkNames: '_deps/[hash]',
    minifyIdentifiers: true,
    minifySyntax: true,
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const texts = new Map(outputFiles.map((file) => [path.relative(path.join(FIXTURE, 'out'), file.path), file.text]))
  const modules = [...texts]
    .filter(([name]) => name.endsWith('.js'))
    .map(([name, source]) => ({ path: name, source, sourceMap: texts.get(`${name}.map`), environment: 'isolate' }))
  const schema = modules.find((module) => module.path === 'schema.js')
  const startPush = await post(server, 'start_push', {
    dryRun: false,
    functions: 'convex/',
    appDefinition: {
      schema,
      changedModules: modules.filter((module) => module !== schema),
      unchangedModuleHashes: [],
      udfServerVersion: '1.45.0',
    },
    componentDefinitions: [],
    nodeDependencies: [],
  })
  await post(server, 'finish_push', { startPush, dryRun: false })
}

async function post(server: Pick<Server, 'url'>, name: string, body: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${server.url}/api/deploy2/${name}`, {
    method: 'POST',
    headers: { Authorization: `Convex ${ADMIN_KEY}` },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return await json(answer)
}
