import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Document, isMap, isNode, LineCounter, parseDocument, visit } from 'yaml'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { hasCode } from '../system/files.ts'
import { explainIssue } from './explain.ts'
import type { CatalogueProblem, Path } from './problem.ts'
import { brokenRules } from './rules.ts'
import { Catalogue } from './schema.ts'

/** A problem and where it is in the file; line and column count from 1. */
export interface LocatedProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/**
 * Reads the description of the stack.
 * @param file infra/stack.yaml, absolute or relative to the current folder.
 * @throws NebulaError with every problem as `file:line:column: what is expected`; `details` holds them as LocatedProblem[].
 */
export async function loadCatalogue(file: string): Promise<Catalogue> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw hasCode(error, 'ENOENT') ? missing(file) : error
  })
  return parseCatalogue(text, file)
}

/**
 * Like `loadCatalogue`, for a text that was read already.
 * @param file what to call it in messages.
 */
export function parseCatalogue(text: string, file: string): Catalogue {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const locate = (offset: number, message: string): LocatedProblem => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col, message }
  }
  if (document.errors.length > 0) {
    throw invalid(file, document.errors.map((error) => locate(error.pos[0], error.message))) // biome-ignore format: one throw
  }
  const locateAll = (problems: readonly CatalogueProblem[]) =>
    problems.map((problem) => locate(offsetOf(document, problem), problem.message))

  const root = contentOf(document, (offset, message) => invalid(file, [locate(offset, message)]))
  const parsed = Catalogue.safeParse(root)
  if (!parsed.success) throw invalid(file, locateAll(parsed.error.issues.flatMap((issue) => explainIssue(issue, root))))
  const broken = brokenRules(parsed.data)
  if (broken.length > 0) throw invalid(file, locateAll(broken))
  return parsed.data
}

/** What the text says. Aliases can lead to nowhere, into themselves, or to more than anybody wrote: `refuse` makes the error. */
function contentOf(document: Document, refuse: (offset: number, message: string) => NebulaError): unknown {
  try {
    return document.toJS()
  } catch (error) {
    let offset = document.contents?.range?.[0] ?? 0
    visit(document, {
      Alias(_, alias) {
        offset = alias.range?.[0] ?? offset
        return alias.resolve(document) === undefined ? visit.BREAK : undefined
      },
    })
    throw refuse(offset, error instanceof Error ? error.message : String(error))
  }
}

/** Where in the text: the key or the value that is meant, or, where there is none, what it should be in. */
function offsetOf(document: Document, { path: full, isKey }: CatalogueProblem): number {
  if (isKey) {
    const offset = offsetOfKey(document, full)
    if (offset !== undefined) return offset
  }
  for (let length = full.length; length > 0; length -= 1) {
    const node = document.getIn(full.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

function offsetOfKey(document: Document, full: Path): number | undefined {
  const parent = full.length === 1 ? document.contents : document.getIn(full.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const keys = parent.items.map((pair) => pair.key).filter(isNode)
  return keys.find((key) => key.toJS(document) === full.at(-1))?.range?.[0]
}

function invalid(file: string, problems: readonly LocatedProblem[]): NebulaError {
  const shown = shorten(file)
  const lines = [...problems]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message }) => `${shown}:${line}:${column}: ${message}`)
  return new NebulaError(
    lines.length === 1 ? lines.join() : `${shown} has ${lines.length} problems:\n${lines.join('\n')}`,
    {
      code: 'CATALOGUE_INVALID',
      hint: `change ${shown} as said above; what belongs where is in ${shorten(file.replace(/\.yaml$/, '.schema.json'))}`,
      exitCode: ExitCode.Precondition,
      details: problems,
    },
  )
}

function missing(file: string): NebulaError {
  return new NebulaError(`${shorten(file)} is not there: it describes the stack`, {
    code: 'CATALOGUE_MISSING',
    hint: `git checkout -- ${shorten(file)}`,
    exitCode: ExitCode.Precondition,
  })
}

/** Relative to the current folder where that is shorter to read: terminals open such a path with a click. */
function shorten(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? file : relative
}
