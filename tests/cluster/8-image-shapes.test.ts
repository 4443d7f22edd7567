import { readFileSync } from 'node:fs'
import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { loadClusterDefinition } from '@nebula/stack/cluster/definition'
import { allImages } from '@nebula/stack/cluster/images'
import { compareImage } from '@nebula/stack/images/compareImage'
import { loadShapes, shapeOf } from '@nebula/stack/images/imageShape'
import { observeImage } from '@nebula/stack/images/observeImage'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { nebula } from '../lib/nebula.ts'
import { builtImage, root } from './setup.ts'

/** What images say that were made on a machine that reaches no registry. */
const STAND_IN_LABEL = 'lab.stamp'

const shapes = await loadShapes(root)
const differences = z
  .record(z.string(), z.array(z.string()))
  .parse(parse(readFileSync(path.join(root, '.ci/stand-ins/differences.yaml'), 'utf8')))
const compared: string[] = []

test.each(shapes.map((shape) => [shape.image, shape] as const))(
  'what Docker has under the name %s is as infra/images.yaml says',
  async (name, shape) => {
    const isBuiltHere = shape.source.every(({ repository }) => repository === undefined)
    const reference = isBuiltHere
      ? await builtImage(name)
      : `${name.replace(/^docker\.io\/(library\/)?/, '')}:${shape.version}`
    const image = await observeImage(reference, shape.files)
    // k3s pulls its own inside of the node, and only a devcontainer is built on its base.
    if (!image) return
    compared.push(name)
    const isStandIn = STAND_IN_LABEL in image.labels
    expect(compareImage(shape, image)).toEqual(isStandIn ? (differences[name] ?? []) : [])
  },
)

test('every image that the cluster runs was compared', async () => {
  const definition = await loadClusterDefinition(root, await loadCatalogue(path.join(root, 'infra/stack.yaml')))
  const named = (await allImages(root, definition)).map((reference) => shapeOf(shapes, reference))
  for (const shape of named) if (shape?.startedBy !== 'k3s') expect(compared).toContain(shape?.image)
  expect(compared).toContain('nebula-worker')
})

test('images --check says the same, and names the stand-ins', async () => {
  const checked = await nebula(root, ['images', '--check'])
  expect(checked.stdout).toMatch(/✓ ghcr\.io\/get-convex\/convex-backend:\w+ +stand-in: convex-backend\n/)
  expect(checked.exitCode).toBe(/^✗/m.test(checked.stdout) ? 1 : 0)
})
