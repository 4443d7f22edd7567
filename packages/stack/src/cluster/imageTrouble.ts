import { parseImage } from './images.ts'
import { type Finding, imageHint, shortImage, type TroubleContext, wrongArchitecture } from './trouble.ts'

const PLATFORM = /no match for platform|no matching manifest/
const LIMIT = /toomanyrequests|429 Too Many Requests/
/** A part of an image that its registry, or what is in front of it, did not give: the kubelet tries again. */
const CUT_OFF = /failed to copy|\/blobs\//
const NOT_THERE = /: not found\b|manifest unknown|name unknown|code = NotFound/i
const NOT_ALLOWED = /pull access denied|authorization failed|insufficient_scope|40[13] (?:Unauthorized|Forbidden)/i
const UNREACHABLE = [
  [/no such host|server misbehaving|Temporary failure in name resolution/i, 'its name does not resolve'],
  [/connection refused/i, 'connection refused'],
  [/network is unreachable|no route to host/i, 'no network'],
  [/x509|certificate/i, 'its certificate is not trusted'],
  [/timeout|deadline exceeded/i, 'no answer'],
  [/connection reset|EOF|proxyconnect/i, 'the connection broke'],
  [/ 5\d\d /, 'it has an error of its own'],
] as const
/** The registry speaks HTTP; asked for what it does not have, the node tries HTTPS, and that error is what is left. */
const NOT_IN_OUR_REGISTRY = /server gave HTTP response to HTTPS client/

/**
 * Why an image is not there, from what the kubelet says of a pull.
 * @returns null when it is not known.
 */
export function imageFinding(reason: string, message: string, image: string, context: TroubleContext): Finding | null {
  const name = shortImage(image)
  const named = imageHint(image, context)
  if (reason === 'InvalidImageName') return noSuchImage(`"${image}" is no valid name of an image`, named)
  // Its end is "not found" too.
  if (PLATFORM.test(message)) return wrongArchitecture(`image ${name}`, image, context)
  if (image.startsWith(`${context.registry}/`) && NOT_IN_OUR_REGISTRY.test(message)) {
    return noSuchImage(`image ${name.slice(context.registry.length + 1)} is not in the project's registry`, named)
  }
  const ours = image.startsWith(`${context.registry}/`)
  const host = ours ? "the project's registry" : (parseImage(image)?.host ?? 'the registry')
  // This machine knows our registry by another name, and `up` is what brings it back.
  const pull = ours ? 'npm run up' : `docker pull ${image} && npm run up`
  if (LIMIT.test(message))
    return unreachable(
      `${host} allows no more pulls for now`,
      `docker login${host === 'docker.io' ? '' : ` ${host}`} && ${pull}`,
    )
  if (NOT_ALLOWED.test(message)) {
    return { ...noSuchImage(`${host} has no image ${name}, or wants a login for it`, named), hopeless: false }
  }
  if (NOT_THERE.test(message) && !CUT_OFF.test(message)) return noSuchImage(`image ${name} does not exist`, named)
  const cause = UNREACHABLE.find(([pattern]) => pattern.test(message))
  if (!cause && CUT_OFF.test(message)) return unreachable(`${host} did not give all of ${name}`, pull)
  return cause ? unreachable(`${host} cannot be reached: ${cause[1]}`, pull) : null
}

function noSuchImage(summary: string, hint: string): Finding {
  return { kind: 'no-such-image', summary, hint, hopeless: true }
}

function unreachable(summary: string, hint: string): Finding {
  return { kind: 'registry-unreachable', summary, hint, hopeless: false }
}
