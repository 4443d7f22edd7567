import path from 'node:path'
import { INSTANCE_ENVIRONMENT } from '../../../packages/convex-embedded/test/harness/fixture.ts'
import { repository } from '../../lib/checkout.ts'
import type { Program } from './serverProcess.ts'

const inEmbedded = (file: string) => path.join(repository, 'packages/convex-embedded/src', file)

/** A program in `servers`, which says `listens on 1234`. */
export function ownProgram(name: string, env: Readonly<Record<string, string>> = {}): Program {
  const file = path.join(import.meta.dirname, '../servers', `${name}.ts`)
  return { file, env, ports: (said) => found(/listens on (\d+)/.exec(said)) }
}

/** The stand-in for a Convex backend: the ports of its API and of its HTTP actions. */
export function standIn(dataDir: string): Program {
  const env = { ...INSTANCE_ENVIRONMENT, CONVEX_DATA_DIR: dataDir, CONVEX_API_PORT: '0', CONVEX_SITE_PORT: '0' }
  const ports = /API on \S+:(\d+), HTTP actions on \S+:(\d+),/
  return { file: inEmbedded('main.ts'), env, ports: (said) => found(ports.exec(said)) }
}

/** The stand-in's dashboard, for a deployment that is not there. */
export function dashboard(adminKey: string): Program {
  const env = {
    DASHBOARD_PORT: '0',
    NEXT_PUBLIC_DEPLOYMENT_URL: 'http://127.0.0.1:1',
    NEXT_PUBLIC_ADMIN_KEY: adminKey,
  }
  return { file: inEmbedded('dashboard-main.ts'), env, ports: (said) => found(/Dashboard on \S+:(\d+),/.exec(said)) }
}

function found(match: RegExpExecArray | null): readonly number[] | null {
  return match && match.slice(1).map(Number)
}
