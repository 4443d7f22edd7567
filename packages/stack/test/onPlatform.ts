import { onTestFinished } from 'vitest'

/** Lets this process believe, for one test, that it runs on another system. */
export function onPlatform(platform: NodeJS.Platform): void {
  const real = process.platform
  Object.defineProperty(process, 'platform', { value: platform })
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: real }))
}
