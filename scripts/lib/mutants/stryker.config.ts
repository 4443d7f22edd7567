/** For `npm run mutants`, which says what is changed and which tests have to notice. */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/lib/mutants/vitest.config.ts', related: false, pool: 'forks' },
  // Each test that runs tells which changes it reaches: a change costs only the tests that can notice it.
  coverageAnalysis: 'perTest',
  // Tests of processes and ports are no measure while another run does the same.
  concurrency: 1,
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 85, break: 85 },
  reporters: ['clear-text'],
  clearTextReporter: { logTests: false, reportTests: false },
  logLevel: 'warn',
  // Git ignores it, and so do the tools.
  tempDirName: '.nebula/mutants',
  cleanTempDir: 'always',
  ignorePatterns: ['.nebula', '.turbo', 'dist', '/apps', '/docs'],
  // No file has this name: Stryker would rewrite tsconfig.json with an API that TypeScript 7 does not have.
  tsconfigFile: 'none.json',
}
