import { parseAst } from 'vitest/node'
import { parse } from 'yaml'

type Kind = 'hint' | 'message' | 'other'

/** A text that a person may read. What a program puts into it when it runs stands as `…`. */
export interface Advice {
  /** The file, and its line. */
  readonly where: string
  readonly text: string
  /** `hint`: a `hint:`, a `fix:`, or code in a document. `message`: what is said or thrown. `other`: any other string. */
  readonly kind: Kind
}

const HINT_KEYS = ['hint', 'fix', 'say']
const MESSAGE_CALLS = ['say', 'fail', 'warn', 'Error', 'TypeError', 'BootstrapError', 'NebulaError']

/** Every string of a program in JavaScript or TypeScript, templates and JSX included. */
export function stringsOf(file: string, source: string): Advice[] {
  const found: Advice[] = []
  const visit = (node: unknown, kind: Kind): void => {
    if (Array.isArray(node)) for (const child of node) visit(child, kind)
    if (!isNode(node)) return
    const text = textOf(node)
    if (text !== undefined) {
      const line = source.slice(0, node.start).split('\n').length
      found.push({ where: `${file}:${line}`, text, kind })
    }
    for (const [key, child] of Object.entries(node)) visit(child, kindOf(node, key) ?? kind)
  }
  visit(parseAst(source, { lang: file.endsWith('.tsx') ? 'tsx' : 'ts' }), 'other')
  return found
}

/** What the hints of a catalogue say. */
export function hintsOfYaml(file: string, source: string): Advice[] {
  const found: Advice[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, child] of Object.entries(value)) {
      if (typeof child === 'string' && HINT_KEYS.includes(key)) found.push({ where: file, text: child, kind: 'hint' })
      else visit(child)
    }
  }
  visit(parse(source))
  return found
}

/** What a Tiltfile says when it gives up. */
export function hintsOfTiltfile(file: string, source: string): Advice[] {
  return [...source.matchAll(/\bfail\('([^']*)'/g)].map(([, text = '']) => ({ where: file, text, kind: 'message' }))
}

/** The code of a document: its blocks, a line each, and what stands in backticks. */
export function codeOfMarkdown(file: string, source: string): Advice[] {
  const inBackticks = [...source.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  const blocks = [...source.matchAll(/^```\w*\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.split('\n'))
  const indented = [...source.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line)
  return [...inBackticks, ...blocks, ...indented].map((text) => ({ where: file, text, kind: 'hint' }))
}

interface Node {
  readonly type: string
  readonly start: number
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function textOf(node: Node): string | undefined {
  if ((node.type === 'Literal' || node.type === 'JSXText') && 'value' in node && typeof node.value === 'string') {
    return node.value
  }
  if (node.type !== 'TemplateLiteral' || !('quasis' in node) || !Array.isArray(node.quasis)) return undefined
  return node.quasis.map((part) => part.value.cooked).join('…')
}

/** What strings in this property of a node are for, where it decides that. */
function kindOf(node: Node, key: string): Kind | undefined {
  if (node.type === 'Property' && key === 'value' && 'key' in node) {
    return HINT_KEYS.includes(nameOf(node.key)) ? 'hint' : undefined
  }
  const isCall = node.type === 'CallExpression' || node.type === 'NewExpression'
  const isMessage = isCall && key === 'arguments' && 'callee' in node && MESSAGE_CALLS.includes(nameOf(node.callee))
  return isMessage ? 'message' : undefined
}

function nameOf(node: unknown): string {
  return typeof node === 'object' && node !== null && 'name' in node ? String(node.name) : ''
}
