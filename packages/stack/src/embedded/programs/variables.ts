/** The environment variables that a user may set to choose programs. README.md describes each; a test holds it to this. */
export const Variable = {
  TemporalCli: 'TEMPORAL_CLI',
  ConvexBackend: 'CONVEX_LOCAL_BACKEND',
  DownloadMirror: 'NEBULA_DOWNLOAD_MIRROR',
} as const
