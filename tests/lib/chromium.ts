import { accessSync, constants } from 'node:fs'
import path from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Path of the browser that the page is driven in: NEBULA_TEST_CHROMIUM, or the first on the PATH; undefined without one. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  const onPath = folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
  return [process.env.NEBULA_TEST_CHROMIUM ?? '', ...onPath].find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return path.isAbsolute(file)
  } catch {
    return false
  }
}
