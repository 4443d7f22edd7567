const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
})
const everything = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

/** `850 ms`, `4.2 s`, `2 min 05 s`, `1 h 03 min`; never negative, since two machines' clocks differ. */
export function formatDuration(ms: number): string {
  const length = Math.max(0, ms)
  if (length < SECOND) return `${Math.round(length)} ms`
  if (length < 10 * SECOND) return `${(Math.floor(length / 100) / 10).toFixed(1)} s`
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min ${pad(Math.floor((length % MINUTE) / SECOND))} s`
  return `${Math.floor(length / HOUR)} h ${pad(Math.floor((length % HOUR) / MINUTE))} min`
}

/** The time of day for today, with the day otherwise. */
export function formatTime(time: number, now: number): string {
  const isToday = new Date(time).toDateString() === new Date(now).toDateString()
  return (isToday ? timeOfDay : dayAndTime).format(time)
}

/** Date, time and zone in full. */
export function formatFull(time: number): string {
  return everything.format(time)
}

/** `1 step`, `2 steps`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}
