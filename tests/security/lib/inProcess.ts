import { HANG_MS, Hang } from './exchange.ts'

/**
 * Runs what reads a stranger's file in this process.
 * @throws what it throws, and an Error when it took too long or changed what all objects have.
 */
export async function mustBeSound(read: () => unknown): Promise<void> {
  const start = performance.now()
  await read()
  const ms = performance.now() - start
  if (ms > HANG_MS) throw new Hang(`it took ${Math.round(ms)} ms`)
  if ('polluted' in {}) {
    Reflect.deleteProperty(Object.prototype, 'polluted')
    throw new Error('all objects have got a property')
  }
}
