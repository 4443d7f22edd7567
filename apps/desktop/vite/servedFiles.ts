import { existsSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Refusal } from '@nebula/stack/http/requestGuard'
import { isFileLoadingAllowed, normalizePath, type ResolvedConfig } from 'vite'

/** However often a path was encoded: no client that means well does it more than once. */
const MOST_DECODINGS = 4
/** What Vite takes away before it looks for a file of the machine. */
const FILE_PREFIX = /^(?:\/+(?:@id|@fs))+\/+(?:__x00__)?/

/** Not handed out wherever they are: a file of a person's own can be in a folder of sources too. */
const DENIED_NAMES = [
  '.env*',
  '.npmrc',
  '.yarnrc*',
  '.netrc',
  '.git-credentials',
  'id_{rsa,dsa,ecdsa,ed25519}*',
  '*.{crt,pem,key,p12,pfx,cer,der,jks,keystore}',
  '*.{db,sqlite,sqlite3}',
  '*.{db,sqlite,sqlite3}-*',
]
const DENIED_FOLDERS = ['.nebula', '.git', '.ssh']

/**
 * What the page's server hands out of a checkout, as Vite's `server.fs`: an allow list, because the secrets and the data
 * of the stack are in the same checkout.
 */
export function servedFiles(root: string): { strict: true; allow: string[]; deny: string[] } {
  const roots = [...new Set([root, realpathSync(root)])]
  const folders = [
    'apps/desktop',
    'packages/shared',
    'packages/convex/convex',
    // Where pnpm keeps packages: what is in them is published.
    'node_modules/.pnpm',
  ].map((folder) => path.join(root, folder))
  return {
    strict: true,
    allow: [...new Set(folders.flatMap((folder) => (existsSync(folder) ? [folder, realpathSync(folder)] : [folder])))],
    // Below the checkout: its own path may well have such a folder in it.
    deny: [
      ...DENIED_NAMES,
      ...roots.flatMap((one) => DENIED_FOLDERS.map((name) => `${escapeGlob(normalizePath(one))}/**/${name}/**`)),
    ],
  }
}

/**
 * Looks behind a path: Vite compares names, and a symbolic link or another spelling gives a file a second one.
 * @param urlPath the path of a request, as it was sent.
 * @returns why its file is not handed out; null when it is, or when there is none.
 */
export function refusalOfFile(urlPath: string, config: ResolvedConfig): Refusal | null {
  const spellings = decodings(urlPath)
  if (!spellings) return { status: 400, reason: 'the path is badly encoded' }
  const isAllowed = (file: string) => isFileLoadingAllowed(config, normalizePath(realpathSync(file)))
  if (spellings.flatMap((text) => filesOf(text, config)).every(isAllowed)) return null
  return { status: 403, reason: 'this file is not served' }
}

/** What Vite adds to the URLs of modules that it writes. */
const QUERY =
  /^(?:import|raw|url|inline|direct|html-proxy|worker|worker_file|type=\w+|lang\.\w+|index=\d+\.\w+|[tv]=[\w-]*)$/

/** Whether a URL is one that Vite writes, of a file that there is: an error in it is the file's, not that of who asks. */
export function isModuleUrl(url: string, config: ResolvedConfig): boolean {
  const [urlPath = '', query] = url.split('?', 2)
  if (query !== undefined && !query.split('&').every((part) => QUERY.test(part))) return false
  return decodings(urlPath)?.some((text) => filesOf(text, config).length > 0) ?? false
}

/** A path as it was sent and as often decoded as it can be; null when it was encoded badly, or too often. */
function decodings(sent: string): readonly string[] | null {
  const found = [sent]
  for (let text = sent; text.includes('%'); found.push(text)) {
    if (found.length > MOST_DECODINGS) return null
    try {
      text = decodeURIComponent(text)
    } catch {
      // A percent sign that was itself encoded; before that, it is an error of the client's.
      return found.length === 1 ? null : found
    }
    if (text.includes('\0')) return null
  }
  return found
}

/** The files that a path may mean to Vite. */
function filesOf(text: string, { root, publicDir }: ResolvedConfig): readonly string[] {
  const clean = text.split(/[?#]/, 1)[0] ?? ''
  const rest = clean.replace(FILE_PREFIX, '/')
  const ofPage = [path.join(root, rest), path.join(publicDir, rest)].flatMap(existing)
  // The name of a file of the page may be one of the machine's as well: then it is the page's that is meant.
  if (rest === clean && ofPage.length > 0) return ofPage
  return [...ofPage, ...existing(path.resolve('/', rest))]
}

/** Some file systems, and some that join paths, do not mind what stands at the end of a name. */
function existing(file: string): readonly string[] {
  return [...new Set([file, file.replace(/[/\\.\s]+$/, '')])].filter((name) => {
    try {
      return statSync(name).isFile()
    } catch {
      return false
    }
  })
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]{}()!+@|$^]/g, '\\$&')
}
