import { deriveAdminKey } from '@nebula/stack/secrets/adminKey'

// `generate_key NAME SECRET`, as in the published image: the admin key on stdout.
const [instanceName = '', instanceSecret = ''] = process.argv.slice(2)
process.stdout.write(`${deriveAdminKey({ instanceName, instanceSecret })}\n`)
