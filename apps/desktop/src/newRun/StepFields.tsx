import { MAX_ATTEMPTS } from '@nebula/shared'
import type { DraftStep, Problems } from './draft.ts'
import { Field } from './Field.tsx'

interface StepFieldsProps {
  readonly step: DraftStep
  readonly position: number
  readonly problems: Problems
  readonly onChange: (step: DraftStep) => void
  /** Undefined for the only one: a run needs a step. */
  readonly onRemove: (() => void) | undefined
}

/** The fields of a step. */
export function StepFields({ step, position, problems, onChange, onRemove }: StepFieldsProps) {
  const problem = (field: string) => problems.get(`steps.${position}.${field}`)
  return (
    <fieldset className="rounded-lg border border-line px-3 pt-1 pb-3">
      <legend className="px-1 font-medium">Step {position + 1}</legend>
      <div className="grid grid-cols-[1fr_1fr_auto] items-start gap-3 sm:grid-cols-[minmax(0,1fr)_6rem_6rem_auto]">
        <div className="col-span-3 sm:col-span-1">
          <Field
            label="Label"
            value={step.label}
            problem={problem('label')}
            onChange={(label) => onChange({ ...step, label })}
          />
        </div>
        <Field
          label="Seconds"
          value={step.seconds}
          problem={problem('durationMs')}
          onChange={(seconds) => onChange({ ...step, seconds })}
          input={{ inputMode: 'decimal' }}
        />
        <Field
          label="Fails first"
          value={step.failures}
          problem={problem('failures')}
          onChange={(failures) => onChange({ ...step, failures })}
          input={{ inputMode: 'numeric', title: `How many of its attempts fail; with ${MAX_ATTEMPTS} the run fails` }}
        />
        <button
          type="button"
          className="button button-quiet mt-[1.7rem]"
          disabled={onRemove === undefined}
          onClick={onRemove}
        >
          Remove<span className="sr-only"> step {position + 1}</span>
        </button>
      </div>
    </fieldset>
  )
}
