import { readFileSync } from 'node:fs'

/** The page's HTML with placeholders. The bundle carries it inside; see scripts/build.ts. */
export const PAGE = readFileSync(new URL('./page.html', import.meta.url), 'utf8')
