import type { Container } from './kubeObjects.ts'
import { describePods, type Finding, type TroubleContext } from './trouble.ts'

const NO_KEY = /couldn't find key (?<key>\S+) in (?<kind>Secret|ConfigMap) \S*?(?<name>[^/\s]+)$/
const NO_OBJECT = /(?<kind>secret|configmap) "(?<name>[^"]+)" not found/
const AS_ROOT = /container has runAsNonRoot and image will run as root/
const AS_NAME = /image has non-numeric user \((?<user>[^)]*)\)/

/**
 * Why a container could not be configured, from what the kubelet says.
 * @returns null when it is not known.
 */
export function configFinding(message: string, container: Container, context: TroubleContext): Finding | null {
  const key = NO_KEY.exec(message)?.groups
  if (key) {
    const kind = key.kind?.toLowerCase()
    return missing(`${kind} ${key.name} has no key "${key.key}"`, `${context.kubectl} describe ${kind} ${key.name}`)
  }
  const object = NO_OBJECT.exec(message)?.groups
  if (object) return missing(`there is no ${object.kind} "${object.name}"`, `${context.kubectl} get ${object.kind}s`)
  const user = AS_NAME.exec(message)?.groups?.user
  if (!AS_ROOT.test(message) && user === undefined) return null
  return {
    kind: 'refused',
    summary:
      user === undefined
        ? `${container.name} would run as root, which its pod forbids`
        : `${container.name} would run as "${user}": the pod needs a numeric runAsUser`,
    hint: describePods(context),
    hopeless: true,
  }
}

function missing(summary: string, hint: string): Finding {
  return { kind: 'missing-config', summary, hint, hopeless: true }
}
