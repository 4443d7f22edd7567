import type { Connection } from '../connection/useConnection.ts'
import { useSettings } from '../stack/SettingsContext.ts'
import type { ServiceHealth } from '../stack/services.ts'
import { useServices } from '../stack/useServices.ts'
import { ServiceList } from './ServiceList.tsx'
import { StandIn } from './StandIn.tsx'

const CONNECTIONS = {
  connecting: { text: 'Connecting…', dot: 'bg-control waits' },
  live: { text: 'Live', dot: 'bg-good' },
  unreachable: { text: 'Connecting…', dot: 'bg-warn waits' },
  reconnecting: { text: 'Reconnecting…', dot: 'bg-warn waits' },
} as const

/** Whether the page is live, and how the services of the stack are. */
export function StatusBar({ state }: Pick<Connection, 'state'>) {
  const services = useServices(useSettings().services)
  const { text, dot } = CONNECTIONS[state]
  return (
    <footer className="flex h-9 items-center gap-2 border-t border-line bg-surface px-3 whitespace-nowrap text-muted sm:gap-4 sm:px-4">
      <span className="flex w-32 shrink-0 items-center gap-1.5">
        <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${dot}`} />
        {text}
      </span>
      {services && <Services services={services} />}
      {services === null && <span>No answer about the services</span>}
    </footer>
  )
}

function Services({ services }: { readonly services: readonly ServiceHealth[] }) {
  const healthy = services.filter((service) => service.healthy).length
  const standIns = services.some((service) => service.standIn !== undefined)
  const allHealthy = healthy === services.length
  return (
    <>
      <div className="ml-auto max-xl:hidden">
        <ServiceList services={services} inline />
      </div>
      {/* Where there is no room for all of them: a sum that opens. */}
      <button
        type="button"
        className="ml-auto flex cursor-pointer items-center gap-1.5 rounded px-1 xl:hidden"
        popoverTarget="services"
      >
        <span aria-hidden="true" className={`size-2 rounded-full ${allHealthy ? 'bg-good' : 'bg-bad'}`} />
        {allHealthy ? `All ${services.length} healthy` : `${healthy} of ${services.length} healthy`}
        {standIns && <StandIn />}
      </button>
      <div
        id="services"
        popover="auto"
        className="fixed inset-auto right-3 bottom-11 rounded-lg border border-line bg-surface p-3 text-ink shadow-xl"
      >
        <ServiceList services={services} />
      </div>
    </>
  )
}
