import { beforeAll, describe, expect, test } from 'vitest'
import { SIZES, THEMES } from './page.ts'
import { type PageTarget, pageWindows } from './pageWindows.ts'

/** How the page looks, to people and to axe, in both themes and every size. It looks at a run that failed. */
export function pageLookTests(target: () => PageTarget): void {
  const { open, titled, ended } = pageWindows(target)

  beforeAll(async () => {
    const page = await open()
    await page.start('Doomed deployment', titled('Looks'))
    await ended(page, titled('Looks'), 'Failed')
  })

  describe.each(THEMES)('the page in the %s theme', (theme) => {
    // Names of the sizes; Object.keys does not know that there are no others.
    test.each(Object.keys(SIZES) as (keyof typeof SIZES)[])(
      'axe finds nothing, and nothing is cut off (%s)',
      async (size) => {
        const page = await open({ theme, size })
        const look = async (view: string) => {
          await page.screenshot(target().screenshots, `${view}-${theme}-${size}`)
          expect(await page.violations(), view).toEqual([])
          expect(await page.overflow(), view).toBe(0)
        }
        await page.row(titled('Looks')).waitFor()
        await look('list')
        await page.select(titled('Looks'))
        await look('run')
        await page.page.getByRole('button', { name: 'New run' }).click()
        await page.page.getByRole('dialog').getByRole('button', { name: 'Start run' }).click()
        await page.page.getByText('give the run a title').waitFor()
        await look('form')
        await page.page.keyboard.press('Escape')
        await page.page.goto(`${target().url}#/runs/nothing`)
        await page.detail.getByRole('heading', { name: 'There is no such run' }).waitFor()
        await look('unknown')
        expect(page.complaints).toEqual([])
      },
    )
  })
}
