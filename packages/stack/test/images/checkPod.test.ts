import { checkPod } from '@nebula/stack/images/checkPod'
import type { ImageShape } from '@nebula/stack/images/imageShape'
import type { ShapeProblem } from '@nebula/stack/images/look'
import { PodSpec } from '@nebula/stack/images/podSpec'
import { describe, expect, test } from 'vitest'

/** An image whose programs are for root alone, as a real one has them. */
const SHAPE: ImageShape = {
  image: 'example.org/server',
  version: '1',
  source: [{ path: 'Dockerfile' }],
  base: 'debian',
  config: {
    user: '',
    entrypoint: ['./start.sh'],
    command: [],
    workingDirectory: '/opt',
    volumes: [],
    ports: [],
    stopSignal: 'SIGTERM',
    environment: {},
  },
  users: {},
  files: [
    { path: '/opt', kind: 'directory', mode: '0755', owner: '0:0' },
    { path: '/opt/start.sh', kind: 'file', mode: '0744', owner: '0:0', interpreter: '/bin/sh' },
    { path: '/opt/server', kind: 'file', mode: '0744', owner: '0:0' },
    { path: '/bin/sh', kind: 'link', target: 'busybox' },
    { path: '/bin/busybox', kind: 'file', mode: '0755', owner: '0:0' },
    { path: '/usr/bin/install', kind: 'file', mode: '0755', owner: '0:0' },
    { path: '/var/lib', kind: 'directory', mode: '0755', owner: '0:0' },
    { path: '/tmp', kind: 'directory', mode: '1777', owner: '0:0' },
  ],
  reads: [],
  executes: ['./server'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the record's grammar, not TypeScript's
  writes: ['${DATA:-/var/lib/server}'],
  binds: [8080],
  signals: ['SIGTERM'],
  notes: [],
}
const COPIES_PROGRAMS = {
  name: 'program',
  image: 'example.org/server:1',
  command: ['install', '--mode=0755', '--target-directory=/program', '/opt/start.sh', '/opt/server'],
  volumeMounts: [{ name: 'program', mountPath: '/program' }],
}
/** A pod that can run: programs copied for its user, data on a volume. */
const RUNS = {
  securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
  initContainers: [COPIES_PROGRAMS],
  containers: [
    {
      name: 'server',
      image: 'example.org/server:1',
      workingDir: '/program',
      command: ['./start.sh'],
      ports: [{ containerPort: 8080 }],
      volumeMounts: [
        { name: 'program', mountPath: '/program', readOnly: true },
        { name: 'data', mountPath: '/var/lib/server' },
      ],
    },
  ],
  volumes: [
    { name: 'program', emptyDir: {} },
    { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
  ],
}

function check(pod: unknown, shape: ImageShape = SHAPE, configMaps = {}): readonly string[] {
  const found = checkPod(PodSpec.parse(pod), { shapes: [shape], configMaps: new Map(Object.entries(configMaps)) })
  return found.map(({ kind, message }: ShapeProblem) => `${kind}: ${message}`)
}

function withServer(change: object): typeof RUNS {
  return { ...RUNS, containers: RUNS.containers.map((server) => ({ ...server, ...change })) }
}

test('nothing stands in the way of a pod that fits its image', () => {
  expect(check(RUNS)).toEqual([])
})

test('a program that is for root alone cannot be executed by the pod user, nor what it calls', () => {
  const problems = check({ ...withServer({ command: undefined, workingDir: undefined }), initContainers: [] })
  expect(problems).toEqual([
    'not-executable: user 1000 cannot execute /opt/start.sh (mode 0744, owner 0:0)',
    'not-executable: user 1000 cannot execute /opt/server (mode 0744, owner 0:0)',
  ])
})

test('what nobody copied to the volume is not there', () => {
  expect(check({ ...RUNS, initContainers: [] })).toEqual([
    'not-found: ./start.sh is not on the volume that is mounted there',
    'not-found: ./server is not on the volume that is mounted there',
  ])
})

test('a copy keeps nobody out, or everybody, as its mode says', () => {
  const command = COPIES_PROGRAMS.command.map((word) => (word === '--mode=0755' ? '--mode=0644' : word))
  const [problem] = check({ ...RUNS, initContainers: [{ ...COPIES_PROGRAMS, command }] })
  expect(problem).toBe('not-executable: user 1000 cannot execute /program/start.sh (mode 0644, owner 1000:1000)')
})

test('a script whose interpreter is missing from the record is named', () => {
  const files = SHAPE.files.filter(({ path }) => path !== '/bin/sh')
  expect(check(RUNS, { ...SHAPE, files })).toEqual([
    'not-recorded: the shape of example.org/server does not list /bin/sh',
  ])
})

describe('places that are written to', () => {
  test('have to be writable by the user', () => {
    const volumeMounts = RUNS.containers[0]?.volumeMounts.slice(0, 1)
    expect(check(withServer({ volumeMounts }))).toEqual([
      'not-writable: user 1000 cannot write to /var/lib (mode 0755, owner 0:0)',
    ])
  })

  test('move with the variable that names them', () => {
    expect(check(withServer({ env: [{ name: 'DATA', value: '/tmp/data' }] }))).toEqual([])
    expect(check(withServer({ env: [{ name: 'DATA', value: '/opt/data' }] }))).toHaveLength(1)
  })

  test('take nothing where the mount or the root file system is read-only', () => {
    const [program, data] = RUNS.containers[0]?.volumeMounts ?? []
    expect(check(withServer({ volumeMounts: [program, { ...data, readOnly: true }] }))).toEqual([
      'not-writable: user 1000 cannot write to /var/lib/server (it is mounted read-only)',
    ])
    const env = [{ name: 'DATA', value: '/tmp' }]
    expect(check(withServer({ env, securityContext: { readOnlyRootFilesystem: true } }))).toEqual([
      'not-writable: user 1000 cannot write to /tmp (it is mounted read-only)',
    ])
  })
})

describe('the user', () => {
  const securityContext = { runAsNonRoot: true }

  test('of an image that has a name only cannot be told from root', () => {
    const shape = { ...SHAPE, config: { ...SHAPE.config, user: 'server' } }
    expect(check({ ...RUNS, initContainers: [], securityContext }, shape)[0]).toMatch(/^user: .*"server" is a name/)
  })

  test('of an image that says none is root', () => {
    expect(check({ ...RUNS, initContainers: [], securityContext })[0]).toMatch(/^user: .*root/)
  })
})

describe('the end', () => {
  const shape = { ...SHAPE, signals: ['SIGINT'] }
  const preStop = (signal: string) => ({
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', `kill -${signal} 1`] } } },
  })

  test('has to be a signal that the process hears', () => {
    expect(check(RUNS, shape)).toEqual([expect.stringMatching(/^signal: .*SIGTERM.*hears SIGINT/)])
    expect(check(withServer(preStop('TERM')), shape)).toHaveLength(1)
  })

  test('may be sent by a hook', () => {
    expect(check(withServer(preStop('INT')), shape)).toEqual([])
  })
})

test('ports are those that something listens on, and take no capability', () => {
  expect(check(withServer({ ports: [{ containerPort: 80 }] }))).toEqual([
    expect.stringMatching(/^port: nothing .* listens on port 80/),
    expect.stringMatching(/^port: port 80 takes a capability/),
  ])
})

test('programs of scripts, probes and hooks have to be there', () => {
  expect(check(withServer({ readinessProbe: { exec: { command: ['pg_isready'] } } }))).toEqual([
    'not-recorded: the shape of example.org/server lists no program pg_isready on PATH',
  ])
  const script = withServer({ command: ['/bin/sh', '/scripts/run.sh'] })
  const pod = PodSpec.parse(script)
  const mounted = {
    ...pod,
    containers: [{ ...pod.containers[0], volumeMounts: [{ name: 'scripts', mountPath: '/scripts' }] }],
    volumes: [...pod.volumes, { name: 'scripts', configMap: { name: 'scripts' } }],
  }
  const problems = check(mounted, SHAPE, { scripts: { 'run.sh': 'install -d /tmp/x && missing-tool' } })
  expect(problems).toEqual([expect.stringMatching(/^not-recorded: .*missing-tool/)])
})

test('an image that nothing is recorded of is named', () => {
  expect(check(withServer({ image: 'example.org/other:1' }))).toEqual([
    'no-shape: nothing is recorded of example.org/other:1',
  ])
})
