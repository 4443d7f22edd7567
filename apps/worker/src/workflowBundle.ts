import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, type Logger, type WorkflowBundleOption } from '@temporalio/worker'

const WORKFLOWS = fileURLToPath(new URL('./workflows/index.ts', import.meta.url))

/**
 * The code of the workflows: the file that was bundled when the image was built, or a new bundle of the sources.
 * @param bundled path of that file, if there is one.
 * @throws Error when the sources do not compile.
 */
export async function workflowBundle(bundled: string | undefined, logger: Logger): Promise<WorkflowBundleOption> {
  return bundled ? { codePath: bundled } : await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger })
}
