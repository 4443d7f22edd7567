import { MAX_STEPS, type NewRun } from '@nebula/shared'
import { useId, useRef, useState } from 'react'
import { messageOf } from '../runs/messageOf.ts'
import { type Draft, draftOf, emptyDraft, emptyStep, type Problems, parseDraft } from './draft.ts'
import { Field } from './Field.tsx'
import { PRESETS } from './presets.ts'
import { StepFields } from './StepFields.tsx'

const NO_PROBLEMS: Problems = new Map()

interface NewRunFormProps {
  /** Starts the run. The form is done with as soon as it has been asked for. */
  readonly onSubmit: (run: NewRun) => void
  readonly onCancel: () => void
  /** What a run that was refused asked for, and why. */
  readonly refused?: { readonly run: NewRun; readonly error: unknown } | undefined
}

/** What a person asks for: typed, or from a preset. It is checked when it is sent, and from then on with every key. */
export function NewRunForm({ onSubmit, onCancel, refused }: NewRunFormProps) {
  const [draft, setDraft] = useState<Draft>(() => (refused ? draftOf(refused.run) : emptyDraft()))
  const [sent, setSent] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const presets = useId()
  const parsed = parseDraft(draft)
  const problems = sent && !parsed.ok ? parsed.problems : NO_PROBLEMS
  const setSteps = (steps: Draft['steps']) => setDraft({ ...draft, steps })

  const submit = (event: React.FormEvent) => {
    event.preventDefault()
    if (parsed.ok) return onSubmit(parsed.run)
    setSent(true)
    // The fields are marked with the next frame.
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }

  return (
    <form ref={form} noValidate onSubmit={submit} className="flex min-h-0 flex-col">
      <div className="scrolls flex flex-col gap-4 px-5 py-4">
        {refused && (
          <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 break-words text-bad">
            The run was not started: {messageOf(refused.error)}
          </p>
        )}
        {/* A group of buttons, none of which is a field. */}
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a part of the form */}
        <div role="group" aria-labelledby={presets} className="flex flex-col gap-1">
          <span id={presets} className="text-muted">
            Fill in
          </span>
          <div className="flex flex-wrap gap-2">
            {PRESETS.map((preset) => (
              <button key={preset.title} type="button" className="button" onClick={() => setDraft(draftOf(preset))}>
                {preset.title}
              </button>
            ))}
          </div>
        </div>
        <Field
          label="Title"
          value={draft.title}
          problem={problems.get('title')}
          onChange={(title) => setDraft({ ...draft, title })}
          input={{ autoComplete: 'off' }}
        />
        {draft.steps.map((step, position) => (
          <StepFields
            key={step.key}
            step={step}
            position={position}
            problems={problems}
            onChange={(changed) => setSteps(draft.steps.with(position, changed))}
            onRemove={draft.steps.length > 1 ? () => setSteps(draft.steps.toSpliced(position, 1)) : undefined}
          />
        ))}
        {problems.get('steps') && <p className="text-bad first-letter:uppercase">{problems.get('steps')}</p>}
        <button
          type="button"
          className="button self-start"
          disabled={draft.steps.length >= MAX_STEPS}
          onClick={() => setSteps([...draft.steps, emptyStep()])}
        >
          Add a step
        </button>
      </div>
      <footer className="flex justify-end gap-2 border-t border-line px-5 py-3">
        <button type="button" className="button" onClick={onCancel}>
          Close
        </button>
        <button type="submit" className="button button-primary">
          Start run
        </button>
      </footer>
    </form>
  )
}
