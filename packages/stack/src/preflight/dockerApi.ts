import { findDockerEngine } from '../system/dockerEngine.ts'
import { compareVersions } from '../system/version.ts'
import type { Check } from './check.ts'

/** Docker 20.10, the oldest that k3d 5.9 takes. */
const OLDEST = '1.41'
/** What Tilt 0.37 and k3d 5.9 speak at most; ctlptl 0.9.3 speaks 1.52. */
const CLIENTS_SPEAK = '1.51'

/** The engine and the pinned tools have a version of Docker's API in common. */
export const dockerApiCheck: Check = {
  id: 'docker-api',
  title: 'Docker API',
  run: async () => {
    const engine = await findDockerEngine()
    if (engine.state !== 'running') return { status: 'warn', message: 'unknown while Docker does not answer' }
    const range = `${engine.minimumApiVersion} to ${engine.apiVersion}`
    if (compareVersions(engine.apiVersion, OLDEST) < 0) {
      return {
        status: 'fail',
        message: `Docker ${engine.version} speaks API ${range}; k3d needs ${OLDEST} or newer (Docker 20.10)`,
        fix: 'see https://docs.docker.com/engine/install',
      }
    }
    if (compareVersions(engine.minimumApiVersion, CLIENTS_SPEAK) > 0) {
      return {
        status: 'fail',
        message: `Docker ${engine.version} speaks API ${range}; k3d and Tilt speak ${CLIENTS_SPEAK} at most`,
        fix: 'install newer releases of k3d and Tilt',
      }
    }
    return { status: 'ok', message: `API ${range} fits k3d, ctlptl and Tilt` }
  },
}
