import './withoutEval.ts'
import { ConvexProvider, ConvexReactClient } from 'convex/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App.tsx'
import { SettingsContext } from './stack/SettingsContext.ts'
import { readSettings } from './stack/settings.ts'
import './index.css'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element "root"')

const settings = readSettings(import.meta.env, __STACK__, window.location)
const convex = new ConvexReactClient(settings.convexUrl)

createRoot(root).render(
  <StrictMode>
    <SettingsContext value={settings}>
      <ConvexProvider client={convex}>
        <App />
      </ConvexProvider>
    </SettingsContext>
  </StrictMode>,
)
