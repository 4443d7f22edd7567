import { Component, type ReactNode } from 'react'
import { messageOf } from '../runs/messageOf.ts'

/** Functions that are deployed a moment after the page was opened are there by the next try. */
const RETRY_MS = 5_000

interface Props {
  /** What cannot be shown: "The list of runs". */
  readonly what: string
  readonly children: ReactNode
}

/** Shows why a part of the page failed, in its place, and tries again by itself. */
export class ErrorBoundary extends Component<Props, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: null }
  #timer: ReturnType<typeof setTimeout> | undefined

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override componentDidCatch(): void {
    this.#timer = setTimeout(this.#retry, RETRY_MS)
  }

  override componentWillUnmount(): void {
    clearTimeout(this.#timer)
  }

  #retry = (): void => {
    clearTimeout(this.#timer)
    this.setState({ error: null })
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div role="alert" className="flex flex-col items-start gap-3 p-5">
        <h2 className="text-lg font-semibold">{this.props.what} cannot be shown</h2>
        <p className="text-muted">{explain(messageOf(error))}</p>
        <pre className="max-w-full overflow-x-auto rounded-md bg-raised p-3 font-mono whitespace-pre-wrap break-words">
          {messageOf(error)}
        </pre>
        <button type="button" className="button" onClick={this.#retry}>
          Try again
        </button>
      </div>
    )
  }
}

function explain(message: string): ReactNode {
  if (!/could not find public function/i.test(message)) return 'It is tried again every few seconds.'
  return (
    <>
      The backend has no functions of this app yet. They are deployed when the stack starts:{' '}
      <code className="font-mono">npm run status</code> shows how far that is.
    </>
  )
}
