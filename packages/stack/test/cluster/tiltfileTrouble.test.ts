import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { tiltfileReason } from '../../src/cluster/tiltfileTrouble.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const FOLDER = 'infra/services/temporal-ui'
const MANIFEST = `${FOLDER}/temporal-ui.k8s.yaml`
const GOOD = `apiVersion: v1
kind: Service
metadata:
  name: temporal-ui
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: temporal-ui
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: temporal-ui
          ports:
            - { name: ui, containerPort: 8080 }
`

/** What Tilt 0.37 really said, recorded in a checkout at /checkout, and the edit that made it say that. */
test.each<[string, (manifest: string) => string, string]>([
  [
    'manifest-replicas',
    (text) => text.replace('replicas: 1', 'replicas: one'),
    `${MANIFEST}:11: spec.replicas of Deployment "temporal-ui" is a string, it has to be int32`,
  ],
  [
    'manifest-field',
    (text) => text.replace('containerPort: 8080', 'containerPort: eighty'),
    `${MANIFEST}:17: spec.template.spec.containers.ports.containerPort of Deployment "temporal-ui" is a string, it has to be int32`,
  ],
  [
    'manifest-yaml',
    (text) => text.replace('  replicas: 1', '  replicas: 1\n bad: ['),
    `${MANIFEST}:12: error converting YAML to JSON: yaml: line 7: did not find expected key`,
  ],
  [
    'manifest-kind',
    (text) => text.replace('kind: Deployment', 'kindly: Deployment'),
    `${MANIFEST}:6: an object has no "kind"`,
  ],
  ['tiltfile-syntax', (text) => text, `${FOLDER}/Tiltfile:6: got end of file, want ')'`],
  ['tiltfile-name', (text) => text, `${FOLDER}/Tiltfile:5: undefined: nothing_here`],
  [
    'tiltfile-missing',
    (text) => text,
    `${FOLDER}/Tiltfile:3: error reading yaml file: open ${FOLDER}/gone.k8s.yaml: no such file or directory`,
  ],
  ['tiltfile-fail', (text) => text, `${FOLDER}/Tiltfile:5: not today`],
  [
    'tiltfile-load',
    (text) => text,
    `${FOLDER}/Tiltfile:1: cannot load ../../lib/Gone: error reading file infra/lib/Gone: open infra/lib/Gone: no such file or directory`,
  ],
  ['stack-yaml', (text) => text, 'infra/stack.yaml:254: did not find expected node content'],
])('%s', async (name, edit, reason) => {
  const root = await temporaryFolder()
  mkdirSync(path.join(root, FOLDER), { recursive: true })
  writeFileSync(path.join(root, MANIFEST), edit(GOOD))
  const said = readFileSync(path.join(import.meta.dirname, 'tiltfile', `${name}.txt`), 'utf8')
  expect(await tiltfileReason(said.replaceAll('/checkout', root), root)).toBe(reason)
})

test('what is no traceback is said as it is', async () => {
  expect(await tiltfileReason('it cannot be evaluated', '/checkout')).toBe('infra/Tiltfile: it cannot be evaluated')
})
