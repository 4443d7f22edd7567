/** A published version of a program: one archive a platform, each with the hash that it must have. */
export interface Release {
  /** The program's file in the archive. */
  readonly program: string
  /** For people. */
  readonly title: string
  readonly version: string
  /** Where its archives are, below https://github.com/ or a mirror of it. */
  readonly folder: string
  /** By `<process.platform>-<process.arch>`. */
  readonly archives: Readonly<Record<string, Archive | undefined>>
}

export interface Archive {
  readonly name: string
  readonly sha256: string
}

/** This machine, in the words of Node.js: `linux-x64`. */
export const platform = `${process.platform}-${process.arch}`

/**
 * The Temporal CLI, also called its dev server. Each hash is one that unrelated public repositories have pinned, together
 * with the project's own checksums.txt.
 */
export const TEMPORAL_CLI: Release = {
  program: 'temporal',
  title: 'Temporal CLI',
  version: '1.9.1',
  folder: 'temporalio/cli/releases/download/v1.9.1',
  archives: {
    'linux-x64': {
      name: 'temporal_cli_1.9.1_linux_amd64.tar.gz',
      sha256: '09a0326a51db84d02735e53542b9ebd8c4758daf47482a9ab0abce15844e60d5',
    },
    'linux-arm64': {
      name: 'temporal_cli_1.9.1_linux_arm64.tar.gz',
      sha256: '6c57c352d52fc3df34412376fd9ba6f74b7e3ace8e426e6cba8600156d36a145',
    },
    'darwin-x64': {
      name: 'temporal_cli_1.9.1_darwin_amd64.tar.gz',
      sha256: '48cdd6c84c56e27ae8e4d9a47052b89289a9c552dee029b49dd312c6fb72873f',
    },
    'darwin-arm64': {
      name: 'temporal_cli_1.9.1_darwin_arm64.tar.gz',
      sha256: '41e0425378fcb4fb5766340b97435e20fe47bbff2d7bf644ec2d51f7662b7c56',
    },
  },
}

/**
 * The first release of the backend that is as new as the `convex` package here. A change of that package changes this one
 * and CONVEX_BACKEND_DATES. The hashes are GitHub's asset digests as unrelated public repositories have pinned them.
 */
export const CONVEX_BACKEND: Release = {
  program: 'convex-local-backend',
  title: 'Convex backend',
  version: 'precompiled-2026-08-25-7cce8fb',
  folder: 'get-convex/convex-backend/releases/download/precompiled-2026-08-25-7cce8fb',
  archives: {
    'linux-x64': {
      name: 'convex-local-backend-x86_64-unknown-linux-gnu.zip',
      sha256: '470250263fcf6c71b931219550c3705d9ab03d79c3b1e1e8364465c2b44eff9f',
    },
    'linux-arm64': {
      name: 'convex-local-backend-aarch64-unknown-linux-gnu.zip',
      sha256: 'a0601ec584fe9f514c473af6d57a4c209e4d2d775e4ac1b5d1b90bafd85b7e2f',
    },
    'darwin-x64': {
      name: 'convex-local-backend-x86_64-apple-darwin.zip',
      sha256: 'd142472d996f08907cd9fdf61cc154c36edee3039342f45fdd925cefedabea29',
    },
    'darwin-arm64': {
      name: 'convex-local-backend-aarch64-apple-darwin.zip',
      sha256: '98831b0f511f6eed70b0b4dfca62015df57877e08017d2b2979b39d62ae7317b',
    },
  },
}

/**
 * The backends that fit the `convex` package 1.45.0, by the date in their names: not older than that package (2026-08-22,
 * built from a backend of the day before), because an older backend refuses its deploys, and not newer than the next
 * minor version (2026-09-16), because data that a newer backend has touched cannot be read by an older one again.
 */
export const CONVEX_BACKEND_DATES = { package: '1.45.0', from: '2026-08-21', to: '2026-09-16' }
