import { type FSWatcher, watch } from 'chokidar'

/** Editors write a file in several steps, and often several files at once. */
const SETTLE_MS = 150
const IGNORED = /(^|[/\\])(node_modules|_generated|\.[^/\\]+)([/\\]|$)/

/**
 * Calls back once for every burst of changes in files and folders.
 * @param paths absolute.
 */
export function watchSources(paths: readonly string[], onChange: () => void): { close(): Promise<void> } {
  if (paths.length === 0) return { close: async () => {} }
  let timer: NodeJS.Timeout | undefined
  const watcher: FSWatcher = watch([...paths], {
    ignoreInitial: true,
    // Relative to what is watched: the checkout itself may lie in a hidden folder.
    ignored: (file) => paths.some((base) => file.startsWith(base) && IGNORED.test(file.slice(base.length))),
  })
  watcher.on('all', () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, SETTLE_MS)
  })
  // A limit on watches: the service runs on, it only is not started anew by itself.
  watcher.on('error', () => {})
  return {
    async close() {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}
