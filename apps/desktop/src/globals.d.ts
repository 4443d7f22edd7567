/** Put in by vite/stackPlugin.ts. */
declare const __STACK_PORTS__: import('./stack/settings.ts').StackPorts

/** What of the environment a build takes up; Vite puts in what begins with VITE_. */
interface ImportMetaEnv {
  readonly VITE_CONVEX_URL?: string
  readonly VITE_TEMPORAL_UI_URL?: string
}
