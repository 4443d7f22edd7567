/** Put in by vite/stackPlugin.ts. */
declare const __STACK__: import('./stack/settings.ts').StackFacts

/** What of the environment a build takes up; Vite puts in what begins with VITE_. */
interface ImportMetaEnv {
  readonly VITE_CONVEX_URL?: string
  readonly VITE_TEMPORAL_UI_URL?: string
}
