import { readFile } from 'node:fs/promises'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError, type Problem } from '../errors/nebulaError.ts'
import { attempt } from '../system/attempt.ts'
import { exec } from '../system/exec.ts'
import { compareVersions, findVersion } from '../system/version.ts'

/** The oldest Rust that can compile what Cargo.lock names: Tauri needs it. Cargo.toml's rust-version is the same. */
export const MINIMUM_RUST = '1.90'
const TIMEOUT_MS = 20_000
/** What Tauri 2 needs of a system (https://v2.tauri.app/start/prerequisites), by the tool that installs it. */
const SYSTEM_PACKAGES = {
  apt: 'sudo apt-get install -y build-essential libwebkit2gtk-4.1-dev librsvg2-dev libayatana-appindicator3-dev libssl-dev',
  dnf: 'sudo dnf install -y gcc webkit2gtk4.1-devel librsvg2-devel libappindicator-gtk3-devel openssl-devel',
  pacman: 'sudo pacman -S --needed base-devel webkit2gtk-4.1 librsvg libappindicator-gtk3 openssl',
} as const

/**
 * What is missing on this machine for building the desktop app as a native program.
 * @param osRelease where the system says what it is, for tests.
 * @returns each with what installs it; empty when everything is there.
 */
export async function missingForNative(osRelease = '/etc/os-release'): Promise<readonly Problem[]> {
  const [rust, webview, compiler] = await Promise.all([
    missingRust(),
    process.platform === 'linux' ? answers(['pkg-config', '--exists', 'webkit2gtk-4.1']) : true,
    process.platform === 'darwin' ? answers(['xcode-select', '--print-path']) : true,
  ])
  return [
    ...(rust ? [rust] : []),
    ...(webview
      ? []
      : [{ message: 'WebKitGTK 4.1 is not installed (asked pkg-config)', hint: await installCommand(osRelease) }]),
    ...(compiler ? [] : [{ message: "Xcode's command line tools are not installed", hint: 'xcode-select --install' }]),
  ]
}

/** A distribution's own Rust is often older than what Tauri needs, and cargo names a crate then, not the way out. */
async function missingRust(): Promise<Problem | null> {
  const [cargo, rustc] = await Promise.all([
    answers(['cargo', '--version']),
    attempt(exec(['rustc', '--version'], { timeoutMs: TIMEOUT_MS })),
  ])
  const hint = 'see https://rustup.rs, then open a new shell'
  if (!cargo) return { message: 'Rust is not installed (no cargo on PATH)', hint }
  if (rustc instanceof Error || rustc.exitCode !== 0)
    return { message: 'Rust is not installed (no rustc on PATH)', hint }
  const version = findVersion(rustc.stdout)
  if (version && compareVersions(version, MINIMUM_RUST) >= 0) return null
  return {
    message: `Rust ${version ?? 'of an unknown version'} is there: ${MINIMUM_RUST} or newer is needed`,
    hint: `rustup update stable (without rustup: ${hint})`,
  }
}

/** @throws NebulaError with everything that is missing, each with what installs it. */
export async function requireNative(): Promise<void> {
  const problems = await missingForNative()
  if (problems.length === 0) return
  throw new NebulaError(problems.map(({ message }) => message).join('\n'), {
    code: 'NATIVE_REQUIREMENTS_MISSING',
    exitCode: ExitCode.Precondition,
    problems,
  })
}

async function installCommand(osRelease: string): Promise<string> {
  const text = await readFile(osRelease, 'utf8').catch(() => '')
  const ids = [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, names = '']) => names.split(' '))
  if (ids.some((id) => ['fedora', 'rhel'].includes(id))) return SYSTEM_PACKAGES.dnf
  if (ids.includes('arch')) return SYSTEM_PACKAGES.pacman
  if (ids.some((id) => ['debian', 'ubuntu'].includes(id))) return SYSTEM_PACKAGES.apt
  return 'see https://v2.tauri.app/start/prerequisites'
}

async function answers(argv: readonly string[]): Promise<boolean> {
  const asked = await attempt(exec(argv, { timeoutMs: TIMEOUT_MS }))
  return !(asked instanceof Error) && asked.exitCode === 0
}
