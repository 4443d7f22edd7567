#!/usr/bin/env node
/*
 * The real backend's command line, taken as strictly as the real one takes it (crates/local_backend/src/config.rs and
 * main.rs of release 652b828b): what clap refuses ends with code 2. What it needs of its surroundings is used at once,
 * also what the real one uses only at the first "use node" action. The stand-in serves, without its name.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { ServerResponse } from 'node:http'
import { isIPv4 } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const text = { type: 'string' }
const flag = { type: 'boolean' }
const INSTANCE = { 'instance-name': text, 'instance-secret': text }
const OPTIONS = {
  ...INSTANCE,
  db: { type: 'string', short: 'd', default: 'sqlite' },
  interface: { type: 'string', short: 'i', default: '0.0.0.0' },
  port: { type: 'string', short: 'p', default: '3210' },
  'site-proxy-port': { type: 'string', default: '3211' },
  'convex-origin': text,
  'convex-site': text,
  'convex-http-proxy': text,
  'sentry-identifier': text,
  'local-storage': { type: 'string', default: 'convex_local_storage' },
  's3-storage': flag,
  'do-not-require-ssl': flag,
  'disable-beacon': flag,
  'beacon-tag': text,
  'beacon-fields': text,
  'redact-logs-to-client': flag,
  'local-log-sink': text,
  help: { type: 'boolean', short: 'h' },
}
const TOGETHER = ['convex-origin convex-site', 'instance-name instance-secret'].map((pair) => pair.split(' '))
const NODE_VERSIONS = /^v(20|22|24)\./

const { stdout, stderr } = process
const say = (line) => void stdout.write(`${new Date().toISOString()}  INFO convex-local-backend: ${line}\n`)

function refuse(message) {
  stderr.write(`error: ${message}\n\nFor more information, try '--help'.\n`)
  process.exit(2)
}

function parse(args, options) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, tokens: true })
    const given = parsed.tokens.filter(({ kind }) => kind === 'option').map(({ name }) => name)
    const twice = given.find((name, index) => given.indexOf(name) !== index)
    if (twice) refuse(`the argument '--${twice}' cannot be used multiple times`)
    return { ...parsed, given }
  } catch (error) {
    return refuse(error.message)
  }
}

async function keygen([kind, ...args]) {
  if (kind !== 'admin-key') refuse(`unrecognized subcommand '${kind}'`)
  const { values, positionals } = parse(args, INSTANCE)
  for (const name of Object.keys(INSTANCE)) if (values[name] === undefined) refuse(`--${name} was not provided`)
  if (positionals.length > 0) refuse(`unexpected argument '${positionals[0]}' found`)
  const { deriveAdminKey } = await import('../../../src/secrets/adminKey.ts')
  const { 'instance-name': instanceName, 'instance-secret': instanceSecret } = values
  stdout.write(`${deriveAdminKey({ instanceName, instanceSecret })}\n`)
}

/** What clap checks, then what the backend checks when it starts. */
function configuration(args) {
  const { values, positionals, given } = parse(args, OPTIONS)
  if (values.help) {
    stdout.write(`${Object.keys(OPTIONS).map((name) => `      --${name}`).join('\n')}\n`) // biome-ignore format: one text
    process.exit(0)
  }
  if (positionals.length > 1) refuse(`unexpected argument '${positionals[1]}' found`)
  for (const pair of TOGETHER) if (pair.filter((name) => given.includes(name)).length === 1) refuse(`--${pair} need each other`) // biome-ignore format: one rule
  if (given.includes('local-storage') && values['s3-storage'])
    refuse('--local-storage cannot be used with --s3-storage')
  for (const name of ['port', 'site-proxy-port']) if (!(/^\d+$/.test(values[name]) && values[name] < 65_536)) refuse(`invalid value for --${name}`) // biome-ignore format: one rule
  if (!isIPv4(values.interface)) refuse('invalid value for --interface')
  if (!/^[0-9a-f]{64}$/i.test(values['instance-secret'] ?? '')) throw new Error('--instance-secret is required')
  for (const name of ['convex-origin', 'convex-site']) if (!/^(https?:\/\/.*)?$/.test(values[name] ?? '')) throw new Error(`--${name}: no URL`) // biome-ignore format: one rule
  return { ...values, file: positionals[0] ?? 'convex_local_backend.sqlite3' }
}

/** The database is there before the server is: a folder that is not, and a file that is none, end it. */
async function openDatabase(file) {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(file)
  database.exec('CREATE TABLE IF NOT EXISTS starts (at INTEGER)')
  database.prepare('INSERT INTO starts VALUES (?)').run(Date.now())
  say(`Connected to SQLite at ${file}: start ${database.prepare('SELECT count(*) AS n FROM starts').get().n}`)
  database.close()
}

/** As the real one does it: `node` on PATH, listening on a socket in a folder in TMPDIR. */
async function checkNodeExecutor(folder) {
  const { execFileSync } = await import('node:child_process')
  const version = execFileSync('node', ['--version'], { encoding: 'utf8' }).trim()
  if (!NODE_VERSIONS.test(version)) throw new Error(`Node.js v20, 22, or 24 is not installed, but ${version}`)
  const listen = "require('node:net').createServer().listen(process.argv[1], () => process.exit())"
  execFileSync('node', ['-e', listen, path.join(folder, '.executor.sock')])
  say(`Node executor: ${version} in ${path.dirname(folder)}`)
}

async function serve(config) {
  say('Starting a Convex backend')
  if (!config['disable-beacon']) say('The self-host Convex backend will periodically communicate with a remote beacon')
  await openDatabase(config.file)
  const temporary = mkdtempSync(path.join(tmpdir(), '.tmp'))
  for (const use of ['files', 'modules']) mkdirSync(path.join(config['local-storage'], use), { recursive: true })
  await checkNodeExecutor(temporary)

  const setHeader = ServerResponse.prototype.setHeader
  ServerResponse.prototype.setHeader = function (name, value) {
    return name === 'Nebula-Stand-In' ? this : setHeader.call(this, name, value)
  }
  for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, (error) => say(String(error)))
  const { startConvexServer } = await import('../../../../convex-embedded/src/server.ts')
  const apiPort = Number(config.port)
  const sitePort = Number(config['site-proxy-port'])
  const server = await startConvexServer({
    host: config.interface,
    apiPort,
    sitePort,
    dataDir: path.join(config['local-storage'], 'served'),
    instanceName: config['instance-name'],
    instanceSecret: config['instance-secret'],
    cloudOrigin: config['convex-origin'] ?? `http://127.0.0.1:${apiPort}`,
    siteOrigin: config['convex-site'] ?? `http://127.0.0.1:${sitePort}`,
    log: say,
  })
  // SIGTERM has no handler, as in the real one.
  process.once('SIGINT', async () => {
    say('Received Ctrl-C signal!')
    process.once('SIGINT', () => {
      say('Forcibly shutting down!')
      process.exit(0)
    })
    await server.close()
    rmSync(temporary, { recursive: true })
    say('Server successfully shut down.')
    process.exit(0)
  })
}

const [command, ...rest] = process.argv.slice(2)
try {
  if (command === 'keygen') await keygen(rest)
  else await serve(configuration(process.argv.slice(2)))
} catch (error) {
  stderr.write(`Error: ${error.message}\n`)
  process.exit(1)
}
