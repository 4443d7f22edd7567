import type { Catalogue } from '../catalogue/schema.ts'
import { type EmbeddedStack, embeddedStack } from './state/embeddedStack.ts'
import { SupervisorLink } from './supervisorLink.ts'

/** What the commands of embedded mode work on: the stack of a checkout, and the way to its supervisor. */
export interface EmbeddedContext extends EmbeddedStack {
  readonly link: SupervisorLink
}

/** @param whole all of infra/stack.yaml. */
export function embeddedContext(root: string, whole: Catalogue): EmbeddedContext {
  return { ...embeddedStack(root, whole), link: new SupervisorLink(root) }
}
