import { deployFunctions } from '@nebula/stack/convex/deployFunctions'
import { loadSecrets } from '@nebula/stack/secrets'
import { command, interruptible, main } from './lib/command.ts'
import { openStack } from './lib/stack.ts'

const program = command('deploy-functions', "Deploy packages/convex to the stack's Convex backend").action(() =>
  interruptible(async (signal) => {
    const { root, catalogue } = await openStack()
    const secrets = await loadSecrets(root)
    await deployFunctions({
      root,
      catalogue,
      secrets,
      signal,
      onLine: (line) => void process.stdout.write(`${line}\n`),
    })
    return undefined
  }),
)

await main(program)
