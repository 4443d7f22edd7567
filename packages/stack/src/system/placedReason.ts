import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

/** From where a program named the files in what it said. */
export interface Surroundings {
  /** The checkout, absolute: places are named relative to it. */
  readonly root: string
  /** Where the program ran, absolute. */
  readonly cwd: string
}

interface Found {
  readonly place: string
  readonly message: string
}

/** What a program's own command line said last: its error, which already is the reason. */
const OWN_ERROR = /^✗ (?<message>\S+:\d+(?::\d+)?: .+)$/
const ESBUILD = /^[✘X] \[ERROR\] (?<message>.+)$/
const ESBUILD_PLACE = /^\s+(?<place>\S.*?:\d+:\d+):$/
/** What esbuild's library throws, inside of tsx for example. */
const TRANSFORM = /^(?<place>\S.*?:\d+:\d+): ERROR: (?<message>.+)$/
const NOT_FOUND = /(?<message>Cannot find (?:module|package) .+?) imported from (?<place>\S.*)$/
/** `node:fs` and the like in a bundle for a place that is not Node.js. */
const WEBPACK = /^Module build failed: (?:\w+: )?(?<message>.+)$/
const WEBPACK_PLACE = /^ @ (?<place>\.\S+) \d+:/
/** Node.js shows the line of source that it cannot run, with its place above it. */
const NODE_PLACE = /^(?<place>\/.+:\d+)$/
const THROWN = /(?:^|\s)(?<message>(?:Uncaught )?(?:\w*Error|Error \[\w+\])(?:: .+)?)$/
const FRAME = /^\s+at (?:async )?(?:.* \()?(?<place>(?:file:\/\/)?[^()\s][^()]*?:\d+:\d+)\)?$/
const FOREIGN = /^node:|\/node_modules\/|^<|^eval /
/** How many lines an error's message may have before its frames. */
const LONGEST_MESSAGE = 4

/**
 * Why a program could not go on, with the place: `apps/worker/src/worker.ts:101:7: Error: no settings`. Knows what
 * esbuild, tsx, webpack, Node.js and our own commands print.
 * @param lines what it said in this life, and nothing of an earlier one.
 * @returns null when nothing in it names a place in a file of ours.
 */
export function placedReason(lines: readonly string[], surroundings: Surroundings): string | null {
  const plain = lines.map((line) => stripVTControlCharacters(line).trimEnd())
  const found = ownError(plain) ?? compileError(plain) ?? thrownError(plain)
  return found && `${relative(found.place, surroundings)}${shorten(found.message, surroundings)}`
}

function ownError(lines: readonly string[]): Found | null {
  const message = lastMatch(lines, OWN_ERROR)?.message
  return message === undefined ? null : { place: '', message }
}

/** The first one: what follows it is often its consequence. */
function compileError(lines: readonly string[]): Found | null {
  for (const [index, line] of lines.entries()) {
    const said = (ESBUILD.exec(line) ?? WEBPACK.exec(line))?.groups?.message
    if (said !== undefined) {
      const rest = lines.slice(index + 1)
      const next = rest.findIndex((other) => ESBUILD.test(other) || WEBPACK.test(other))
      const own = next === -1 ? rest : rest.slice(0, next)
      const place = firstMatch(own, ESBUILD_PLACE)?.place ?? firstMatch(own, WEBPACK_PLACE)?.place
      if (place !== undefined) return { place, message: said }
    }
    const { place, message } = (TRANSFORM.exec(line) ?? NOT_FOUND.exec(line))?.groups ?? {}
    if (place !== undefined && message !== undefined) return { place, message }
  }
  return null
}

/** The last one: a program that has lived for a while may have survived others. */
function thrownError(lines: readonly string[]): Found | null {
  for (const [index, line] of [...lines.entries()].reverse()) {
    const message = THROWN.exec(line)?.groups?.message
    if (message === undefined) continue
    const frames = framesBelow(lines.slice(index + 1))
    const frame = frames.find((place) => !FOREIGN.test(place))
    // A module that does not fit has frames of Node.js only, and its place above.
    const above = lastMatch(lines.slice(Math.max(0, index - LONGEST_MESSAGE), index), NODE_PLACE)?.place
    const place = frame ?? above
    if (place !== undefined) return { place, message }
  }
  return null
}

function framesBelow(lines: readonly string[]): readonly string[] {
  const start = lines.slice(0, LONGEST_MESSAGE).findIndex((line) => FRAME.test(line))
  if (start === -1) return []
  const end = lines.findIndex((line, index) => index > start && !/^\s+at /.test(line))
  return lines.slice(start, end === -1 ? undefined : end).flatMap((line) => FRAME.exec(line)?.groups?.place ?? [])
}

function firstMatch(lines: readonly string[], pattern: RegExp) {
  return lines.map((line) => pattern.exec(line)?.groups).find((groups) => groups !== undefined)
}

function lastMatch(lines: readonly string[], pattern: RegExp) {
  return lines.map((line) => pattern.exec(line)?.groups).findLast((groups) => groups !== undefined)
}

/** `packages/a/b.ts:3:21: `, or nothing where the message begins with its place. */
function relative(place: string, { root, cwd }: Surroundings): string {
  if (place === '') return ''
  const absolute = path.resolve(cwd, fileOf(place))
  return `${path.relative(root, absolute)}: `
}

/** Node.js names modules by their URL. What only looks like one is left as it is: programs print what they like. */
function fileOf(place: string): string {
  if (!place.startsWith('file:')) return place
  try {
    return fileURLToPath(place)
  } catch {
    return place.replace(/^file:\/\//, '')
  }
}

/** A message that names files of the checkout names them as we do. */
function shorten(message: string, { root }: Surroundings): string {
  return message.replaceAll(`${root}/`, '')
}
