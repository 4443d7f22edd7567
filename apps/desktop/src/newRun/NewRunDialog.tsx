import type { NewRun } from '@nebula/shared'
import { useLayoutEffect, useRef } from 'react'
import { NewRunForm } from './NewRunForm.tsx'

interface NewRunDialogProps {
  readonly onSubmit: (run: NewRun) => void
  readonly onClose: () => void
  readonly refused?: { readonly run: NewRun; readonly error: unknown } | undefined
}

/** The form over the page. The browser keeps the focus in it, closes it with Escape and gives the focus back. */
export function NewRunDialog({ onSubmit, onClose, refused }: NewRunDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  // While it is still in the page: only then does closing it give the focus back.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby="new-run"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      // The browser closes it without asking when Escape is pressed again and again.
      onClose={() => {
        if (!dialog.current?.open) onClose()
      }}
      className="m-auto max-h-[calc(100dvh-2rem)] w-[min(42rem,calc(100vw-1.5rem))] flex-col overflow-hidden rounded-xl border border-line
        bg-surface text-ink shadow-2xl backdrop:bg-black/50 open:flex"
    >
      <h2 id="new-run" className="border-b border-line px-5 py-3 text-lg font-semibold">
        New run
      </h2>
      <NewRunForm onSubmit={onSubmit} onCancel={onClose} refused={refused} />
    </dialog>
  )
}
