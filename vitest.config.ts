import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const MINUTE_MS = 60_000
const LEAKS = 'tests/lib/leaks.ts'
const root = fileURLToPath(new URL('.', import.meta.url))

/** Tests of libraries in any order; those of a running stack in the order of their file names. */
class TierSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    if (files.every((file) => file.project.name === 'unit')) return await super.sort(files)
    return files.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId))
  }
}

/** A tier whose files share one running stack: one after the other, in one process. */
function stackTier(name: string): TestProjectConfiguration {
  return {
    test: {
      name,
      include: [`tests/${name}/**/*.test.ts`],
      // Undone in the reverse order: what is left is looked for last.
      globalSetup: [LEAKS, `tests/${name}/globalSetup.ts`].filter((file) => existsSync(path.join(root, file))),
      fileParallelism: false,
      isolate: false,
      testTimeout: 10 * MINUTE_MS,
      hookTimeout: 15 * MINUTE_MS,
    },
  }
}

export default defineConfig({
  root,
  test: {
    sequence: { sequencer: TierSequencer },
    teardownTimeout: MINUTE_MS,
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: [LEAKS],
          include: ['{apps,packages}/*/test/**/*.test.{ts,tsx}', 'tests/{unit,security}/**/*.test.ts'],
          // It is TypeScript without extensions and finds the functions with import.meta.glob: vite has to read it.
          server: { deps: { inline: ['convex-test'] } },
          testTimeout: MINUTE_MS,
          hookTimeout: MINUTE_MS,
        },
      },
      stackTier('embedded'),
      stackTier('cluster'),
      stackTier('devcontainer'),
    ],
  },
})
