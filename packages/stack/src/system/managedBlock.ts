const END = '# <<< nebula <<<'

/**
 * Puts lines of ours at the end of a text that belongs to somebody else, in place of those that stood there under the same
 * title. The rest stays as it is.
 */
export function withManagedBlock(text: string, title: string, lines: readonly string[]): string {
  const begin = `# >>> nebula: ${title} >>>`
  return `${withoutBlock(text, begin)}${begin}\n${lines.join('\n')}\n${END}\n`
}

function withoutBlock(text: string, begin: string): string {
  const start = text.indexOf(begin)
  const end = text.indexOf(END, start)
  const rest = start === -1 || end === -1 ? text : text.slice(0, start) + text.slice(end + END.length).trimStart()
  return rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`
}
