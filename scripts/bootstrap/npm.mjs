import { accessSync, constants, existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { capture } from './child.mjs'
import { BootstrapError, stateFolder } from './common.mjs'

const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
/** What the cache holds is taken from there; a machine without a network learns so in seconds, not minutes. */
const PATIENCE = ['--prefer-offline', '--fetch-retries=2', '--fetch-retry-mintimeout=1000']

/** Runs the machine's npm and returns `{ code, output }`. */
export async function npm(args, cwd) {
  const script = npmScript()
  const [file, ...first] = script ? [process.execPath, script] : ['npm']
  try {
    return await capture(file, [...first, ...args, ...QUIET, ...PATIENCE], {
      cwd,
      env: { ...process.env, ...cacheSettings() },
    })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    throw new BootstrapError('npm is not installed, or not on PATH', 'install Node.js together with npm')
  }
}

/** npm as JavaScript: the one that runs this, or the one that came with this Node.js. */
function npmScript() {
  const folder = path.dirname(process.execPath)
  const candidates = [
    process.env.npm_execpath ?? '',
    path.join(folder, '../lib/node_modules/npm/bin/npm-cli.js'),
    path.join(folder, 'node_modules/npm/bin/npm-cli.js'),
  ]
  // Under `pnpm run` or `yarn run`, npm_execpath is theirs.
  return candidates.find((file) => path.basename(file) === 'npm-cli.js' && existsSync(file))
}

/**
 * npm's settings for reaching the registry, as environment variables for pnpm: that reads ~/.npmrc, but neither npm's
 * global file nor its variables (pnpm 12).
 */
export async function registrySettings(cwd) {
  const { code, output } = await npm(['config', 'list', '--json'], cwd)
  if (code !== 0) return {}
  const settings = JSON.parse(output.slice(output.indexOf('{')))
  return unset({
    pnpm_config_registry: settings.registry,
    pnpm_config_https_proxy: settings['https-proxy'],
    pnpm_config_http_proxy: settings.proxy,
    pnpm_config_noproxy: [settings.noproxy].flat().filter(Boolean).join(','),
    pnpm_config_strict_ssl: settings['strict-ssl'] === false ? 'false' : undefined,
    // The one place where pnpm looks for certificates outside of an .npmrc.
    NODE_EXTRA_CA_CERTS: settings.cafile,
  })
}

/** Where npm and pnpm keep what they downloaded, as environment variables: in the checkout where the home is read-only. */
export function cacheSettings() {
  const cache = path.join(stateFolder, 'cache')
  const settings = {}
  // `npm run` sets this one to the default.
  if (!isWritable(process.env.npm_config_cache ?? homedir())) settings.npm_config_cache = path.join(cache, 'npm')
  if (isWritable(homedir())) return settings
  const pnpm = {
    pnpm_config_cache_dir: path.join(cache, 'pnpm'),
    pnpm_config_state_dir: path.join(cache, 'pnpm'),
    pnpm_config_store_dir: path.join(cache, 'store'),
  }
  return { ...settings, ...unset(pnpm) }
}

function isWritable(folder) {
  if (!existsSync(folder) && path.dirname(folder) !== folder) return isWritable(path.dirname(folder))
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Those that have a value and that the person has not set. */
function unset(variables) {
  return Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => value && process.env[name] === undefined),
  )
}
