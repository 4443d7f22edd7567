const ROWS = ['w-2/5', 'w-3/5', 'w-1/3', 'w-1/2', 'w-2/5', 'w-1/3']

/** The list before its first page is there: rows of the height that they will have. */
export function RunsLoading() {
  return (
    <div role="status">
      <span className="sr-only">Loading runs…</span>
      {ROWS.map((width, index) => (
        // The rows never change places.
        <div key={index} className="flex min-h-15 items-center gap-4 border-b border-line px-4 @3xl:min-h-10">
          <span className="waits size-4 rounded-full bg-line" />
          <span className={`waits h-3 rounded bg-line ${width}`} />
        </div>
      ))}
    </div>
  )
}

/** The list without a single run. */
export function RunsEmpty({ onNew }: { readonly onNew: () => void }) {
  return (
    <div className="mx-auto flex max-w-96 flex-col items-center gap-3 px-6 py-20 text-center">
      <svg
        viewBox="0 0 48 48"
        aria-hidden="true"
        className="size-12 text-control"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
      >
        <circle cx="24" cy="24" r="6" />
        <ellipse cx="24" cy="24" rx="20" ry="8" transform="rotate(-30 24 24)" />
      </svg>
      <h2 className="text-lg font-semibold">No runs yet</h2>
      <p className="text-muted">
        A run is a list of steps that a worker carries out, durably: it goes on after a crash, and steps that fail are
        tried again.
      </p>
      <button type="button" className="button button-primary" onClick={onNew}>
        Start the first run
      </button>
    </div>
  )
}
