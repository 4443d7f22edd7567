import { allEndpoints } from '@nebula/stack/catalogue/endpoints'
import { personUrl } from '@nebula/stack/codespaces/browserUrls'
import { isGreen, type ServiceStatus } from '@nebula/stack/driver/serviceStatus'
import type { StackDriver } from '@nebula/stack/driver/stackDriver'
import pc from 'picocolors'
import { formatMs, stateMark, titleOf } from './render/words.ts'

type UrlContext = Pick<StackDriver, 'catalogue' | 'codespace'>

/** What to open in a browser: one line an address, and what a stand-in is named as one. */
export function urlTable({ catalogue, codespace }: UrlContext, services: readonly ServiceStatus[]): string {
  const rows = allEndpoints(catalogue).flatMap((endpoint) => {
    const url = personUrl(endpoint, codespace)
    const standIn = services.find((service) => service.id === endpoint.owner)?.standIn
    return url === null ? [] : [{ label: endpoint.label, url, standIn }]
  })
  const width = Math.max(...rows.map((row) => row.label.length))
  return rows
    .map(
      (row) =>
        `  ${row.label.padEnd(width)}  ${pc.cyan(row.url)}${row.standIn ? pc.yellow(`  stand-in: ${row.standIn}`) : ''}`,
    )
    .join('\n')
}

/** The services as a table: state, how long for, where. */
export function statusTable({ catalogue, codespace }: UrlContext, services: readonly ServiceStatus[]): string {
  const rows = services.map((status) => {
    const service = catalogue.services.find((candidate) => candidate.id === status.id)
    const since = status.since ? formatAge(Date.now() - Date.parse(status.since)) : ''
    const where =
      service?.endpoints
        .map((endpoint) => personUrl(endpoint, codespace) ?? `localhost:${endpoint.localPort}`)
        .join('  ') ?? ''
    const notes = [
      // What has a hint is said below, with it.
      status.hint ? '' : status.reason,
      status.restarts ? `${status.restarts} restarts` : '',
      status.standIn ? `stand-in: ${status.standIn}` : '',
      status.program ?? '',
    ]
    return {
      mark: stateMark(status.state),
      cells: [titleOf(catalogue, status.id), status.state, since, where],
      notes: notes.filter(Boolean).join('; '),
    }
  })
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row.cells[column]?.length ?? 0)))
  return rows
    .map(({ mark, cells, notes }) => {
      const text = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
      return `${mark} ${text}  ${pc.yellow(notes)}`.trimEnd()
    })
    .join('\n')
}

/** What is wrong with services and what to do, for below the table; empty when there is nothing. */
export function troubleList({ catalogue }: UrlContext, services: readonly ServiceStatus[]): string {
  return services
    .filter((status) => status.hint && !isGreen(status))
    .map((status) => {
      const title = titleOf(catalogue, status.id)
      return `${stateMark(status.state)} ${pc.bold(title)}: ${status.reason}\n${pc.cyan('→')} ${status.hint}`
    })
    .join('\n')
}

function formatAge(ms: number): string {
  if (ms < 60_000) return formatMs(Math.max(0, ms))
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}
