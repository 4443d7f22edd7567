// One of several processes that race for a lock: argv are the root, how often to get it, and how often to die with it.
import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { acquireLock } from '../../src/checkout/lock.ts'
import { NebulaError } from '../../src/errors/nebulaError.ts'

const [root = '', rounds = '1', ending = 'release'] = process.argv.slice(2)
const inside = path.join(root, 'inside')

for (let round = 0; round < Number(rounds); ) {
  try {
    const lock = await acquireLock(root, 'race')
    // Fails when another process is inside as well.
    await (await open(inside, 'wx')).close()
    await sleep(1)
    await rm(inside)
    round += 1
    if (ending === 'die' && round === Number(rounds)) process.kill(process.pid, 'SIGKILL')
    await lock.release()
  } catch (error) {
    if (!(error instanceof NebulaError) || error.code !== 'LOCKED') throw error
    await sleep(2)
  }
}
