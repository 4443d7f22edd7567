import type { Check } from './check.ts'
import { diskCheck } from './disk.ts'
import { dockerCheck } from './docker.ts'
import { dockerApiCheck } from './dockerApi.ts'
import { inotifyCheck } from './inotify.ts'
import { memoryCheck } from './memory.ts'
import { portsCheck } from './ports.ts'
import { toolChecks } from './tools.ts'

/** What the cluster mode needs, in the order in which a person would put it right. */
export const clusterChecks: readonly Check[] = [
  dockerCheck,
  dockerApiCheck,
  ...toolChecks,
  portsCheck,
  diskCheck,
  memoryCheck,
  inotifyCheck,
]
