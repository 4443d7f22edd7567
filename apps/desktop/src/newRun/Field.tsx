import { useId } from 'react'

interface FieldProps {
  readonly label: string
  readonly problem: string | undefined
  readonly value: string
  readonly onChange: (value: string) => void
  readonly input?: Omit<React.ComponentProps<'input'>, 'value' | 'onChange' | 'id'>
}

/** A text field with its label, and what is wrong with it. */
export function Field({ label, problem, value, onChange, input }: FieldProps) {
  const id = useId()
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-muted">
        {label}
      </label>
      <input
        {...input}
        id={id}
        className="field"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
      />
      {problem !== undefined && (
        <p id={`${id}-problem`} className="text-bad first-letter:uppercase">
          {problem}
        </p>
      )}
    </div>
  )
}
