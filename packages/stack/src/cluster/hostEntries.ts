import { exec } from '../system/exec.ts'

/** The name under which nodes and pods reach the machine that k3d runs on. */
const HOST_NAME = 'host.k3d.internal'

/**
 * Whether running nodes were started by k3d. It writes the machine's name into their /etc/hosts and into CoreDNS, after
 * each start (k3d 5.9, ClusterStart). When Docker itself starts them, as it does after the daemon or the machine was
 * restarted, both are lost; `k3d cluster start` leaves running nodes alone and does not bring them back.
 * @param nodes names of the containers of servers and agents.
 * @returns false when none of them has the entry.
 */
export async function haveHostEntries(nodes: readonly string[]): Promise<boolean> {
  const found = await Promise.all(nodes.map(hasHostEntry))
  return found.length === 0 || found.some(Boolean)
}

/** A node that can not be asked may be about to end: that is not for this check to find out. */
async function hasHostEntry(node: string): Promise<boolean> {
  const asked = await exec(['docker', 'exec', node, 'cat', '/etc/hosts'])
  return asked.exitCode !== 0 || asked.stdout.split('\n').some((line) => line.split(/\s+/).includes(HOST_NAME))
}
