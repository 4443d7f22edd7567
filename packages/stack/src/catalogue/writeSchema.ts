// Run it after a change of schema.ts: it writes infra/stack.schema.json.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findRoot } from '../checkout/root.ts'
import { SCHEMA_FILE, schemaFileContent } from './jsonSchema.ts'

await writeFile(path.join(await findRoot(import.meta.dirname), SCHEMA_FILE), schemaFileContent())
