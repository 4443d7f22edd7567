import type { OnEvent } from '@nebula/stack/driver/events'

/** Shows what the library reports while a command works. Everything goes to stderr: stdout carries results. */
export interface Renderer {
  readonly onEvent: OnEvent
  /** Ends the live part, leaving the last state on the screen. Calling it twice is harmless. */
  stop(): void
}
