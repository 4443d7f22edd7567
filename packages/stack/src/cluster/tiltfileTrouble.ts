import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { TILTFILE } from './tiltResource.ts'

interface Place {
  /** Absolute. */
  readonly file: string
  readonly line: string | number
}

/** Helpers of all services: who called them is where to mend it. */
const HELPERS = 'infra/lib/'
const FRAME = /^\s+(?<file>\/.+?):(?<line>\d+):\d+: in /
const ERROR = /^Error(?: in (?<builtin>\w+))?: (?<message>.+)$/
const AT_PLACE = /^(?<file>\/.+?):(?<line>\d+):\d+: (?<message>.+)$/
const IN_YAML_FILE = /from (?<file>\/\S+): .*yaml: line (?<line>\d+): (?<message>.+)$/
const WRONG_TYPE =
  /^decoding (?<kind>\w+) "(?<name>[^"]+)": json: cannot unmarshal (?<is>\w+) into Go struct field \w+\.(?<field>\S+) of type (?<wanted>\S+)$/
const NO_KIND = /^Object 'Kind' is missing/
const MANIFEST = /\.k8s\.yaml$/

/**
 * Why Tilt cannot evaluate the Tiltfile or a manifest, in one line with the place to mend it:
 * `infra/services/x/x.k8s.yaml:15: spec.replicas of Deployment "x" is a string, it has to be int32`.
 * @param error what Tilt says: a Starlark traceback. It names the manifest's folder only, so the line is looked up.
 * @param root the checkout, absolute.
 */
export async function tiltfileReason(error: string, root: string): Promise<string> {
  const lines = error.trimEnd().split('\n')
  const { builtin, message = lines.at(-1) ?? '' } =
    lines.map((line) => ERROR.exec(line)?.groups).findLast(Boolean) ?? {}
  const frames = lines.map((line) => FRAME.exec(line)?.groups).filter((groups) => groups !== undefined)
  const say = ({ file, line }: Place, what: string) =>
    `${path.relative(root, file)}:${line}: ${what.replaceAll(`${root}/`, '')}`
  const named = (AT_PLACE.exec(message) ?? IN_YAML_FILE.exec(message))?.groups
  if (named?.file && named.line && named.message) return say({ file: named.file, line: named.line }, named.message)
  const caller = frames.findLast(({ file = '' }) => !path.relative(root, file).startsWith(HELPERS)) ?? frames.at(-1)
  if (!caller?.file || !caller.line) return `${TILTFILE}: ${message}`
  const what = inWords(message)
  const manifest = builtin === 'k8s_yaml' ? await manifestPlace(path.dirname(caller.file), message) : null
  return manifest ? say(manifest, what) : say({ file: caller.file, line: caller.line }, what)
}

function inWords(message: string): string {
  const { field, kind, name, is, wanted } = WRONG_TYPE.exec(message)?.groups ?? {}
  if (field) return `${field} of ${kind} "${name}" is a ${is}, it has to be ${wanted}`
  // All of the object follows, in one line.
  return NO_KIND.test(message) ? 'an object has no "kind"' : message
}

/** Where in the manifests of a folder it is; null when it is in none of them. */
async function manifestPlace(folder: string, message: string): Promise<Place | null> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => MANIFEST.test(name))
  for (const file of names.map((name) => path.join(folder, name))) {
    const line = lineIn(await readFile(file, 'utf8'), message)
    if (line !== null) return { file, line }
  }
  return null
}

function lineIn(text: string, message: string): number | null {
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter })
  const { kind, name, field, is } = WRONG_TYPE.exec(message)?.groups ?? {}
  for (const document of documents) {
    const [error] = document.errors
    if (error) return error.linePos?.[0].line ?? null
    const { contents } = document
    if (NO_KIND.test(message) && contents?.range && !document.has('kind')) {
      return lineCounter.linePos(contents.range[0]).line
    }
    if (!field || document.get('kind') !== kind || document.getIn(['metadata', 'name']) !== name) continue
    const found = valuesAt(contents, field.split('.')).find((node) => typeOf(node) === is)
    if (found?.range) return lineCounter.linePos(found.range[0]).line
  }
  return null
}

/** All that a path without indices leads to. */
function valuesAt(node: unknown, keys: readonly string[]): readonly Node[] {
  if (isSeq(node)) return node.items.flatMap((item) => valuesAt(item, keys))
  const [key, ...rest] = keys
  if (key === undefined) return isScalar(node) || isMap(node) ? [node] : []
  return isMap(node) ? valuesAt(node.get(key, true), rest) : []
}

/** As Go's JSON names it. */
function typeOf(node: Node): string {
  if (!isScalar(node)) return isMap(node) ? 'object' : 'array'
  return typeof node.value === 'boolean' ? 'bool' : typeof node.value
}
