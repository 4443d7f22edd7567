import type { NewRun } from '@nebula/shared'
import { useState } from 'react'
import { useRunActions } from '../runs/useRunActions.ts'

interface Refused {
  readonly run: NewRun
  readonly error: unknown
}

/**
 * The form for a new run: whether it is open, and what becomes of what it asks for. It closes at once, since the run is
 * in the list at once; a run that is refused opens it again with what was typed.
 */
export function useNewRun() {
  const { create } = useRunActions()
  const [isOpen, setOpen] = useState(false)
  const [refused, setRefused] = useState<Refused | null>(null)
  return {
    isOpen,
    refused,
    open: () => {
      setRefused(null)
      setOpen(true)
    },
    close: () => setOpen(false),
    submit: (run: NewRun) => {
      setOpen(false)
      create(run).catch((error: unknown) => {
        setRefused({ run, error })
        setOpen(true)
      })
    },
  }
}
