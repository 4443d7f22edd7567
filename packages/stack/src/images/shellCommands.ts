const KEYWORDS = new Set(['exec', 'if', 'then', 'elif', 'else', 'while', 'until', 'do', 'time', '!', '{', '('])
/** What a shell does itself (POSIX, and bash's `source`). */
const BUILTINS = new Set(
  '[ : . break cd command continue done echo eval exit export fi false kill local printf read readonly return set shift source test trap true umask unset wait }'.split(
    ' ',
  ),
)

/** What a function does that runs its arguments. */
const RUNS_ARGUMENTS = '"$@"'

/**
 * The programs that a small shell script runs: the first word of each of its commands that is no keyword, builtin or function
 * of its own. What follows the name of a function that runs its arguments is a command, too. Knows quotes, comments and what
 * joins commands; no here-documents and no substitutions.
 */
export function shellCommands(script: string): readonly string[] {
  const functions = new Set([...script.matchAll(/^\s*([\w-]+)\(\)/gm)].map((match) => match[1] ?? ''))
  const bodies = [...script.matchAll(/^\s*([\w-]+)\(\)(.*?)^\s*\}/gms)]
  const runners = bodies.filter((match) => match[2]?.includes(RUNS_ARGUMENTS)).map((match) => match[1] ?? '')
  const bare = script
    .replace(/^\s*#.*$/gm, '')
    .replace(/'[^']*'|"(?:\\.|[^"\\])*"/g, 'QUOTED')
    .replace(/^\s*[\w-]+\(\)\s*/gm, '')
    .replace(/\$\(\([^)]*\)\)/g, 'NUMBER')
  const programs = bare.split(/\|\||&&|[;&|\n]/).map((command) => programOf(command, runners))
  return [...new Set(programs)].filter((name) => name !== '' && !functions.has(name) && !BUILTINS.has(name))
}

/** @returns '' where there is none, or a variable names it. */
function programOf(command: string, runners: readonly string[]): string {
  const words = command.split(/\s+/).filter(Boolean)
  const skipped = (word: string) =>
    KEYWORDS.has(word) || runners.includes(word) || /^\w+=/.test(word) || /^[<>\d]/.test(word)
  const first = words.find((word) => !skipped(word)) ?? ''
  return /^(QUOTED|\$)/.test(first) ? '' : first.replace(/[)}]$/, '')
}
