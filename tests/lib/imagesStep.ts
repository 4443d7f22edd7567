import { expect } from 'vitest'
import { z } from 'zod'

const Event = z.looseObject({ type: z.string(), id: z.string().optional(), state: z.string().optional() })

/** What `up --json` said of the images on their way into the registry: `done: 8 in the registry`. */
export function imagesStep(stdout: string): readonly string[] {
  const events = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [Event.parse(JSON.parse(line))] : []))
  const images = events.filter(({ type, id }) => type === 'step' && id === 'images')
  // Some that the node has of its own cannot be pulled everywhere, and are tried each time.
  return images
    .map(({ state, message }) => `${state}: ${message}`)
    .filter((line) => !line.startsWith('progress: pulling '))
}

/** Of an `up` that pushed no image, and had none refused. */
export const NOTHING_PUSHED = [
  'started: Images',
  expect.stringMatching(/^done: (?:\d+ (?:in the registry|from upstream)(?:, )?)+$/),
]
