import manifest from '../package.json' with { type: 'json' }

/** How every answer names the server. */
export const STAND_IN_HEADERS: Readonly<Record<string, string>> = {
  'Nebula-Stand-In': `convex-embedded ${manifest.version}`,
}

/** What `/version` and the first line of the log say. */
export const STAND_IN = `Nebula's stand-in for the Convex backend, on convex-test 0.0.60 (convex-embedded ${manifest.version})`
