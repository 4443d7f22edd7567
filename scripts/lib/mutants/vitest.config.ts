import path from 'node:path'
import { defineConfig } from 'vitest/config'

const root = path.resolve(import.meta.dirname, '../../..')

/** For `npm run mutants`: the unit tier's tests, on the sources of the copy of the repository that Stryker has changed. */
export default defineConfig({
  root,
  // The copy shares its node_modules with the checkout, where the name of a package leads to sources without a change.
  resolve: { alias: [{ find: /^@nebula\/stack\/(.*)$/, replacement: `${root}/packages/stack/src/$1.ts` }] },
  test: {
    // Not Stryker's own testFiles, with which it changes what a module does as it is loaded too late to be noticed
    // (stryker-mutator/stryker-js#6144).
    include: process.env.NEBULA_MUTANTS_TESTS?.split(',') ?? [],
    // More than the longest takes on a busy machine; Stryker itself ends what a change lets hang.
    testTimeout: 20_000,
    server: { deps: { inline: ['convex-test'] } },
  },
})
