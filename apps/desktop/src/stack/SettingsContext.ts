import { createContext, useContext } from 'react'
import type { Settings } from './settings.ts'

export const SettingsContext = createContext<Settings | null>(null)

/** @throws Error outside of a SettingsContext. */
export function useSettings(): Settings {
  const settings = useContext(SettingsContext)
  if (!settings) throw new Error('useSettings needs a SettingsContext')
  return settings
}
