import { LIST_HREF } from './useRoute.ts'

/** The name of the page, and the way to start something. */
export function Header({ onNew }: { readonly onNew: () => void }) {
  return (
    <header className="flex h-12 items-center justify-between gap-3 border-b border-line bg-surface px-4">
      <h1 className="text-base font-semibold">
        <a href={LIST_HREF} className="flex items-center gap-2 rounded">
          <img src="/icon.svg" alt="" width="22" height="22" />
          Nebula <span className="font-normal text-muted">Runs</span>
        </a>
      </h1>
      <button type="button" className="button button-primary" onClick={onNew}>
        New run
      </button>
    </header>
  )
}
