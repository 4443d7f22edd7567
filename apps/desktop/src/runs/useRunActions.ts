import { api } from '@nebula/convex/api'
import { useMutation } from 'convex/react'
import { showCancelled, showCreated, showRetried } from './optimistic.ts'

/** The mutations, each showing its effect before the backend has answered. */
export function useRunActions() {
  return {
    create: useMutation(api.runs.create).withOptimisticUpdate(showCreated),
    cancel: useMutation(api.runs.cancel).withOptimisticUpdate(showCancelled),
    retry: useMutation(api.runs.retry).withOptimisticUpdate(showRetried),
  }
}
