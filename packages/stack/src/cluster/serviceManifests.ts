import { glob, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'

/** The objects of the services' manifests, as they stand there, file by file. */
export async function serviceManifests(root: string): Promise<readonly unknown[]> {
  const objects: unknown[] = []
  for await (const file of glob('infra/services/*/*.k8s.yaml', { cwd: root })) {
    const documents = parseAllDocuments(await readFile(path.join(root, file), 'utf8'))
    objects.push(...documents.map((document) => document.toJS()))
  }
  return objects
}
