import type { Catalogue, Service } from '@nebula/stack/catalogue/schema'
import type { StackEvent, StepEvent } from '@nebula/stack/driver/events'
import { isGreen, type ServiceStatus } from '@nebula/stack/driver/serviceStatus'
import { createLogUpdate } from 'log-update'
import pc from 'picocolors'
import type { Renderer } from './renderer.ts'
import { fit, fold, formatMs, stateMark, stepMark } from './words.ts'

interface ShownStep {
  readonly event: StepEvent
  readonly title: string
  /** By performance.now(). */
  readonly began: number
}

interface Row {
  readonly status: ServiceStatus
  /** When it left `waiting`, by performance.now(). */
  readonly began: number | undefined
  /** Milliseconds it took to become green. */
  readonly took: number | undefined
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 120

/** A list on the terminal that changes in place: steps above, one line a service below. */
export function liveRenderer(catalogue: Catalogue, stream: NodeJS.WriteStream): Renderer {
  const update = createLogUpdate(stream)
  const steps = new Map<string, ShownStep>()
  const rows = new Map<string, Row>()
  let mode = ''
  let frame: number | null = 0
  let stopped = false

  const draw = () => {
    const width = stream.columns || 80
    const lines = [mode, ...[...steps.values()].map((step) => stepLine(step, frame, width))]
    if (rows.size > 0)
      lines.push(
        '',
        ...catalogue.services.flatMap((service) => serviceLines(service, rows.get(service.id), frame, width)),
      )
    update(lines.filter((line, index) => index > 0 || line !== '').join('\n'))
  }
  const timer = setInterval(() => {
    frame = ((frame ?? 0) + 1) % FRAMES.length
    draw()
  }, FRAME_MS)

  const apply = (event: StackEvent) => {
    if (event.type === 'mode') mode = `${pc.bold(`${event.mode} mode`)}${pc.dim(`: ${event.reason}`)}`
    else if (event.type === 'service') rows.set(event.status.id, nextRow(rows.get(event.status.id), event.status))
    else {
      const known = steps.get(event.id)
      const title = event.state === 'started' || !known ? event.message : known.title
      steps.set(event.id, { event, title, began: known?.began ?? performance.now() })
    }
  }
  return {
    onEvent(event) {
      apply(event)
      if (!stopped) draw()
    },
    stop() {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      frame = null
      draw()
      update.done()
    },
  }
}

function nextRow(row: Row | undefined, status: ServiceStatus): Row {
  const now = performance.now()
  const began = row?.began ?? (status.state === 'waiting' ? undefined : now)
  const took = isGreen(status) ? (row?.took ?? now - (began ?? now)) : undefined
  return { status, began, took }
}

function stepLine({ event, title, began }: ShownStep, frame: number | null, width: number): string {
  // Whole, over several lines: what it is about may stand at the end of it.
  if (event.state === 'warning') return `${stepMark('warning')} ${fold(event.message, width - 2).join('\n  ')}`
  const running = event.state === 'started' || event.state === 'progress'
  const mark = running ? spinner(frame) : stepMark(event.state)
  const detail = event.state === 'started' ? '' : event.message
  const time = formatMs(running ? performance.now() - began : (event.ms ?? 0))
  const room = width - 32
  return `${mark} ${title.padEnd(20)} ${pc.dim(time.padStart(7))}  ${fit(detail, room)}`
}

/** Turns while there is work; null when there will be no more of it: what still ran was given up. */
function spinner(frame: number | null): string {
  return frame === null ? pc.red('✗') : pc.cyan(FRAMES[frame] ?? '')
}

function serviceLines(service: Service, row: Row | undefined, frame: number | null, width: number): readonly string[] {
  const state = row?.status.state ?? 'waiting'
  const busy = state === 'building' || state === 'starting'
  const mark = busy ? spinner(frame) : stateMark(state)
  const elapsed = row?.took ?? (row?.began === undefined ? undefined : performance.now() - row.began)
  const time = elapsed === undefined ? '' : formatMs(elapsed)
  const slow =
    busy && elapsed !== undefined && elapsed > 2 * service.usualStartMs
      ? `usually ${formatMs(service.usualStartMs)}`
      : ''
  const { reason, hint, standIn } = row?.status ?? {}
  const detail = [slow, hint ? '' : reason, standIn ? `stand-in: ${standIn}` : ''].filter(Boolean).join(' · ')
  const line = `${mark} ${service.title.padEnd(20)} ${pc.dim(time.padStart(7))}  ${state.padEnd(9)} ${pc.dim(fit(detail, width - 42))}`
  // At the end the command says it with all that belongs to it.
  if (!reason || !hint || frame === null) return [line]
  // They need the whole width, and a hint that is cut cannot be pasted.
  return [line, `  ${pc.yellow(fit(reason, width - 2))}`, `  ${pc.cyan('→')} ${hint}`]
}
