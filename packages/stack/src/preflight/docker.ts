import { existsSync } from 'node:fs'
import { findDockerEngine } from '../system/dockerEngine.ts'
import type { Check } from './check.ts'

/** Docker is installed, runs, and lets this user in. */
export const dockerCheck: Check = {
  id: 'docker',
  title: 'Docker',
  run: async () => {
    const engine = await findDockerEngine()
    switch (engine.state) {
      case 'running':
        return { status: 'ok', message: `Docker ${engine.version} answers (API ${engine.apiVersion})` }
      case 'not-installed':
        return { status: 'fail', message: 'Docker is not installed, or not on PATH', fix: installCommand() }
      case 'no-permission':
        return {
          status: 'fail',
          message: `Docker runs, but does not let the user ${process.env.USER ?? 'of this shell'} in`,
          fix: 'sudo usermod -aG docker "$USER" && newgrp docker',
        }
      case 'not-running':
        return { status: 'fail', message: `Docker does not run: ${engine.said}`, fix: startCommand() }
      case 'unclear':
        return {
          status: 'fail',
          message: `Docker does not answer as it should: ${engine.said || 'it says nothing'}`,
          fix: 'docker version',
        }
    }
  },
}

function installCommand(): string {
  return process.platform === 'darwin' ? 'brew install --cask docker' : 'see https://docs.docker.com/engine/install'
}

/** What the docker-in-docker Feature of a devcontainer starts Docker with. */
const DOCKER_IN_DOCKER = '/usr/local/share/docker-init.sh'

function startCommand(): string {
  if (existsSync(DOCKER_IN_DOCKER)) return DOCKER_IN_DOCKER
  if (process.platform === 'darwin') return 'open -a Docker'
  if (process.platform === 'win32') return 'start Docker Desktop'
  return existsSync('/run/systemd/system') ? 'sudo systemctl start docker' : 'sudo service docker start'
}
