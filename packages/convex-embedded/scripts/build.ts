import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Puts the page into the bundle, which then needs no file beside it. */
const inlinePage: Plugin = {
  name: 'inline-page',
  setup: (plugin) =>
    plugin.onLoad({ filter: /src\/dashboard\/page\.ts$/ }, async (args) => {
      const html = await readFile(args.path.replace(/\.ts$/, '.html'), 'utf8')
      return { contents: `export const PAGE = ${JSON.stringify(html)}`, loader: 'js' }
    }),
}

/** Puts the program of the thread that watches into the bundle, as a URL that holds it. */
const inlineWatcher: Plugin = {
  name: 'inline-watcher',
  setup: (plugin) =>
    plugin.onLoad({ filter: /src\/watchdog\/watcherProgram\.ts$/ }, async (args) => {
      const { outputFiles } = await build({
        entryPoints: [args.path.replace(/Program\.ts$/, '.ts')],
        write: false,
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node24',
      })
      const url = `data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`
      return { contents: `export const WATCHER = new URL(${JSON.stringify(url)})`, loader: 'js' }
    }),
}

// One file a program, as the published images have them. It is run by its name, which says nothing of its format: Node.js
// looks at its first lines, and they are a module's.
await build({
  absWorkingDir: root,
  entryPoints: {
    'convex-local-backend': 'src/image/convex-local-backend.ts',
    generate_key: 'src/image/generate-key.ts',
    server: 'src/image/server.ts',
  },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // ws is CommonJS and requires Node.js' own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  // convex-test asks Vite for the modules when it is given none; it always is.
  define: { 'import.meta.glob': 'undefined' },
  external: ['bufferutil', 'utf-8-validate'],
  plugins: [inlinePage, inlineWatcher],
  logLevel: 'warning',
})
