import { useSettings } from '../stack/SettingsContext.ts'
import type { ServiceHealth } from '../stack/services.ts'
import { StandIn } from './StandIn.tsx'

interface ServiceListProps {
  readonly services: readonly ServiceHealth[]
  /** Side by side, in the bar. */
  readonly inline?: boolean
}

/** Every service with whether it is healthy, and by what it is stood in for. */
export function ServiceList({ services, inline = false }: ServiceListProps) {
  return (
    <ul aria-label="Services" className={inline ? 'flex gap-4' : 'flex flex-col gap-2'}>
      {services.map((service) => (
        <li key={service.id} className="flex items-center gap-1.5" title={describe(service)}>
          <span
            aria-hidden="true"
            className={`size-2 shrink-0 rounded-full ${service.healthy ? 'bg-good' : 'outline-2 -outline-offset-2 outline-bad'}`}
          />
          <Name service={service} />
          {!service.healthy && <span className="font-medium text-bad">down</span>}
          {service.healthy && <span className="sr-only">healthy</span>}
          {service.standIn !== undefined && <StandIn />}
        </li>
      ))}
    </ul>
  )
}

function Name({ service: { title, page } }: { readonly service: ServiceHealth }) {
  const { pageUrl } = useSettings()
  if (!page) return <span>{title}</span>
  return (
    <a
      href={pageUrl(page.port, page.path)}
      target="_blank"
      rel="noreferrer"
      className="underline-offset-2 hover:text-ink hover:underline"
    >
      {title}
      <span className="sr-only"> (in a new tab)</span>
    </a>
  )
}

function describe({ title, healthy, detail, standIn }: ServiceHealth): string {
  const state = healthy ? 'healthy' : (detail ?? 'down')
  return standIn === undefined ? `${title}: ${state}` : `${title}: ${state}; ${standIn} stands in for it`
}
