import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { findRoot, STACK_FILE } from '@nebula/stack/checkout/root'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { stackPlugin } from './vite/stackPlugin.ts'

/** What a page served from its own files may do; nothing in it is inline. */
const CONTENT_SECURITY_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

export default defineConfig(async () => {
  const root = await findRoot(import.meta.dirname)
  const catalogue = await loadCatalogue(path.join(root, STACK_FILE))
  return {
    plugins: [react(), tailwindcss(), stackPlugin({ root, catalogue, env: process.env })],
    preview: { headers: { 'Content-Security-Policy': CONTENT_SECURITY_POLICY } },
    // The terminal belongs to whoever started this: Tilt, the supervisor, or a person.
    clearScreen: false,
    build: { target: 'es2023' },
  }
})
