import path from 'node:path'
import { defineConfig } from 'vitest/config'

const root = path.resolve(import.meta.dirname, '../../..')

/** For `npm run mutants`: the unit tier's tests, on the sources of the copy of the repository that Stryker has changed. */
export default defineConfig({
  root,
  // The copy shares its node_modules with the checkout, where the name of a package leads to sources without a change.
  resolve: { alias: [{ find: /^@nebula\/stack\/(.*)$/, replacement: `${root}/packages/stack/src/$1.ts` }] },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/unit/**/*.test.ts'],
    server: { deps: { inline: ['convex-test'] } },
  },
})
