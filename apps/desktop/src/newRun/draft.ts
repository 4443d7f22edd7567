import { NewRun } from '@nebula/shared'

const SECOND_MS = 1_000

/** A step as it is typed: whatever stands in the fields. */
export interface DraftStep {
  /** Which row of the form it is, while rows come and go. */
  readonly key: string
  readonly label: string
  readonly seconds: string
  readonly failures: string
}

/** A run as it is typed. */
export interface Draft {
  readonly title: string
  readonly steps: readonly DraftStep[]
}

/** What is wrong, by field: `title`, `steps`, `steps.0.label`, `steps.0.durationMs`, `steps.0.failures`. */
export type Problems = ReadonlyMap<string, string>

export function emptyStep(): DraftStep {
  return { key: crypto.randomUUID(), label: '', seconds: '1', failures: '0' }
}

export function emptyDraft(): Draft {
  return { title: '', steps: [emptyStep()] }
}

/** The form filled in with a run. */
export function draftOf({ title, steps }: NewRun): Draft {
  return {
    title,
    steps: steps.map(({ label, durationMs, failures }) => ({
      key: crypto.randomUUID(),
      label,
      seconds: String(durationMs / SECOND_MS),
      failures: String(failures),
    })),
  }
}

/** Checks what was typed with the schema that Convex checks it with again. */
export function parseDraft(
  draft: Draft,
): { readonly ok: true; readonly run: NewRun } | { readonly ok: false; readonly problems: Problems } {
  const parsed = NewRun.safeParse({
    title: draft.title,
    steps: draft.steps.map(({ label, seconds, failures }) => ({
      label,
      // Seconds are typed with fractions; 0.1 s is not exact in binary.
      durationMs: Math.round(numberOf(seconds) * SECOND_MS),
      failures: numberOf(failures),
    })),
  })
  if (parsed.success) return { ok: true, run: parsed.data }
  const problems = new Map<string, string>()
  for (const issue of parsed.error.issues) {
    const field = issue.path.join('.')
    const isNoNumber = issue.code === 'invalid_type' && issue.expected === 'number'
    if (!problems.has(field)) problems.set(field, isNoNumber ? 'a number' : issue.message)
  }
  return { ok: false, problems }
}

/** An empty field is no number, unlike what `Number` says. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
