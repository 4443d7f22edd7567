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
