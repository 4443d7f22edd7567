import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { bundleWorkflowCode } from '@temporalio/worker'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')

// Native modules and what loads them stay packages; our own code becomes one file.
await build({
  entryPoints: [path.join(root, 'src/main.ts')],
  outfile: path.join(root, 'dist/main.mjs'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  packages: 'external',
  // Workspace packages are sources, not packages to load.
  alias: {
    '@nebula/shared': path.join(root, '../../packages/shared/src/index.ts'),
    '@nebula/convex/api': path.join(root, '../../packages/convex/convex/_generated/api.js'),
  },
  logLevel: 'warning',
})

const { code } = await bundleWorkflowCode({ workflowsPath: path.join(root, 'src/workflows/index.ts') })
await writeFile(path.join(root, 'dist/workflows.js'), code)
