import { ConnectionNotice } from '../connection/ConnectionNotice.tsx'
import { useConnection } from '../connection/useConnection.ts'
import { NewRunDialog } from '../newRun/NewRunDialog.tsx'
import { RunDetail } from '../runs/RunDetail.tsx'
import { RunList } from '../runs/RunList.tsx'
import { StatusBar } from '../statusBar/StatusBar.tsx'
import { ErrorBoundary } from './ErrorBoundary.tsx'
import { Header } from './Header.tsx'
import { useNewRun } from './useNewRun.ts'
import { LIST_HREF, useRoute } from './useRoute.ts'

/** The page: the list, the run that is looked at beside it (in its place where there is little room), the status bar. */
export function App() {
  const runId = useRoute()
  const connection = useConnection()
  const newRun = useNewRun()
  return (
    <div className="grid h-dvh grid-cols-[minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)_auto]">
      <Header onNew={newRun.open} />
      <main className="grid min-h-0 grid-cols-[minmax(0,1fr)] lg:grid-cols-[minmax(0,1fr)_minmax(22rem,32rem)]">
        <section
          aria-label="Runs"
          className={`scrolls @container min-h-0 bg-surface ${runId === null ? '' : 'max-lg:hidden'}`}
        >
          <ErrorBoundary what="The list of runs">
            <RunList selected={runId} onNew={newRun.open} />
          </ErrorBoundary>
        </section>
        <section
          aria-label="Selected run"
          className={`scrolls min-h-0 border-line bg-surface lg:border-l ${runId === null ? 'max-lg:hidden' : ''}`}
        >
          {runId === null ? (
            <p className="p-5 text-muted">Choose a run to see its steps.</p>
          ) : (
            <>
              <a href={LIST_HREF} className="link m-4 mb-0 inline-block lg:hidden">
                <span aria-hidden="true">← </span>All runs
              </a>
              <ErrorBoundary key={runId} what="The run">
                <RunDetail key={runId} runId={runId} />
              </ErrorBoundary>
            </>
          )}
        </section>
      </main>
      <StatusBar state={connection.state} />
      <ConnectionNotice {...connection} />
      {newRun.isOpen && (
        <NewRunDialog onSubmit={newRun.submit} onClose={newRun.close} refused={newRun.refused ?? undefined} />
      )}
    </div>
  )
}
