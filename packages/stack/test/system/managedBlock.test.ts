import { expect, test } from 'vitest'
import { withManagedBlock } from '../../src/system/managedBlock.ts'

const block = '# >>> nebula: paths >>>\na\nb\n# <<< nebula <<<\n'

test.each([
  ['an empty text', '', block],
  ['a text', 'mine\n', `mine\n${block}`],
  ['a text without a newline at its end', 'mine', `mine\n${block}`],
  [
    'the end of a text, in place of the old block',
    `mine\n${block.replace('a\nb', 'old')}\nyours\n`,
    `mine\nyours\n${block}`,
  ],
  ['a text that is nothing but the old block', block.replace('a\nb', 'old'), block],
  [
    'a text with a block of another title',
    block.replace('paths', 'history'),
    `${block.replace('paths', 'history')}${block}`,
  ],
  ['a text with the beginning of a block', '# >>> nebula: paths >>>\na\n', `# >>> nebula: paths >>>\na\n${block}`],
  ['a text with the end of a block before it', `# <<< nebula <<<\n${block}`, `# <<< nebula <<<\n${block}`],
  ['a text that only ends a block', 'a\n# <<< nebula <<<\nb\n', `a\n# <<< nebula <<<\nb\n${block}`],
])('a block goes to %s', (_, text, expected) => {
  expect(withManagedBlock(text, 'paths', ['a', 'b'])).toBe(expected)
})
