import { expect, test } from 'vitest'
import { draftOf, parseDraft } from '../src/newRun/draft.ts'
import { PRESETS } from '../src/newRun/presets.ts'

test.each(PRESETS.map((preset) => [preset.title, preset] as const))(
  'the preset "%s" is a run as it stands',
  (_, preset) => {
    expect(parseDraft(draftOf(preset))).toEqual({ ok: true, run: preset })
  },
)

test.each([
  ['seconds', '', 'steps.0.durationMs', 'a number'],
  ['seconds', 'soon', 'steps.0.durationMs', 'a number'],
  ['seconds', '-1', 'steps.0.durationMs', 'not less than 0'],
  ['failures', '1.5', 'steps.0.failures', 'a whole number'],
  ['label', '  ', 'steps.0.label', 'give the step a name'],
])('%s of "%s" is refused', (field, typed, path, message) => {
  const draft = { title: 'A run', steps: [{ key: '1', label: 'Step', seconds: '1', failures: '0', [field]: typed }] }
  const parsed = parseDraft(draft)
  expect(parsed.ok ? [] : [...parsed.problems]).toEqual([[path, message]])
})
