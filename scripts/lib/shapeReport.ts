import { STAND_IN_LABELS } from '@nebula/stack/cluster/localImage'
import { compareImage } from '@nebula/stack/images/compareImage'
import { loadShapes, shapeOf } from '@nebula/stack/images/imageShape'
import { observeImage } from '@nebula/stack/images/observeImage'

const [STAND_IN_LABEL] = STAND_IN_LABELS

/** How an image that the local Docker has compares with what is recorded of it. */
export interface ShapeReport {
  readonly reference: string
  /** A line each; null when Docker does not have the image, or nothing is recorded of it. */
  readonly differences: readonly string[] | null
  /** What stands in for it, when the image says that it does. */
  readonly standIn?: string
}

/** Compares images with infra/images.yaml, in the order in which they are given. */
export async function shapeReports(root: string, references: readonly string[]): Promise<readonly ShapeReport[]> {
  const shapes = await loadShapes(root)
  const reports: ShapeReport[] = []
  for (const reference of references) {
    const shape = shapeOf(shapes, reference)
    const image = shape ? await observeImage(reference, shape.files) : null
    const standIn = image?.labels[STAND_IN_LABEL]
    const differences = shape && image ? compareImage(shape, image) : null
    reports.push({ reference, differences, ...(standIn === undefined ? {} : { standIn }) })
  }
  return reports
}
