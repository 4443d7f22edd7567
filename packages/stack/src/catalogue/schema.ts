import { z } from 'zod'
import { SECRET_NAMES } from '../secrets/secretNames.ts'

/** DNS-1123 label: the id is also the Tilt resource, the Kubernetes name, the process name and the status row. */
const Id = z.string().regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a DNS label: lower-case letters, digits and dashes')
const Port = z.int().min(1).max(65_535)
const DurationMs = z.int().positive()
const Argv = z.array(z.string().min(1)).min(1)

const Endpoint = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9]*$/, 'lower-case letters and digits'),
  scheme: z.enum(['http', 'grpc', 'postgres', 'tcp']),
  localPort: Port.describe('Port on 127.0.0.1 of the machine'),
  forwardPort: Port.optional().describe(
    'Port on 127.0.0.1 that the container is forwarded to, where a proxy of ours has localPort and stands in front of it',
  ),
  containerPort: Port.optional().describe('Port inside the container; the manifest must open the same one'),
  path: z.string().startsWith('/').optional().describe('Where a person or a check should look, if not at /'),
  label: z.string().min(1).describe('Shown in Tilt, in editors and in the table at the end of `up`'),
  audience: z.enum(['person', 'code']).describe('Who opens it'),
  onForward: z
    .enum(['notify', 'silent', 'openBrowserOnce', 'ignore'])
    .describe('What an editor does when it forwards the port'),
})

const Ready = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('http'),
    endpoint: z.string(),
    path: z.string().startsWith('/'),
    status: z.int().min(100).max(599),
    deadlineMs: DurationMs,
  }),
  z.strictObject({ kind: z.literal('tcp'), endpoint: z.string(), deadlineMs: DurationMs }),
  z.strictObject({ kind: z.literal('grpc'), endpoint: z.string(), service: z.string(), deadlineMs: DurationMs }),
  z.strictObject({
    kind: z.literal('postgres'),
    endpoint: z.string(),
    user: z.string(),
    database: z.string(),
    passwordSecret: z.enum(SECRET_NAMES),
    deadlineMs: DurationMs,
  }),
  z.strictObject({
    kind: z.literal('exec'),
    argv: Argv.describe('Run without a shell; exit code 0 is ready'),
    deadlineMs: DurationMs,
  }),
])

const Variables = z
  .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'upper-case letters, digits and underscores'), z.string())
  .default({})

/** Native programs that embedded mode looks for on the machine, or fetches. */
const ProgramName = z.enum(['temporal', 'convex-local-backend'])

const Embedded = z.strictObject({
  argv: Argv.optional().describe('Run without a shell; `node` is the pinned Node.js'),
  partOf: Id.optional().describe('It has no process of its own: this other service has it in its process'),
  cwd: z.string().optional().describe('Relative to the repository'),
  env: Variables,
  watch: z
    .array(z.string())
    .default([])
    .describe('Files and folders, relative to the repository, whose change starts it anew'),
  program: ProgramName.optional().describe('A native program that has to be found first; "argv" refers to it'),
  database: z.string().optional().describe('Where it keeps its data, which its stand-in cannot read'),
  standIn: z
    .strictObject({
      argv: Argv,
      env: Variables,
      database: z.string().optional().describe('Where it keeps its data, which the real program cannot read'),
    })
    .optional()
    .describe('Runs in its place where the program is not at hand'),
})

const Service = z.strictObject({
  id: Id,
  title: z.string().min(1),
  summary: z.string().min(1),
  group: z.enum(['data', 'workflow', 'backend', 'worker', 'app']),
  kind: z.enum(['server', 'job']),
  needs: z.array(z.strictObject({ id: Id, until: z.enum(['started', 'healthy', 'completed']) })).default([]),
  endpoints: z.array(Endpoint).default([]),
  ready: Ready.optional(),
  embedded: Embedded.optional(),
  stop: z
    .strictObject({ signal: z.enum(['SIGTERM', 'SIGINT']), graceMs: DurationMs })
    .default({ signal: 'SIGTERM', graceMs: 10_000 }),
  resources: z.strictObject({ memoryMb: z.int().nonnegative(), diskMb: z.int().nonnegative() }),
  usualStartMs: DurationMs.describe('What a start usually takes, once its needs are met'),
  hints: z
    .array(
      z.strictObject({
        match: z.string().describe('Regular expression on a log line'),
        say: z.string(),
        fix: z.string().describe('A command to paste'),
      }),
    )
    .default([]),
})

/** The shape of infra/stack.yaml. What a shape cannot say (references, cycles, unique ports) is in rules.ts. */
export const Catalogue = z.strictObject({
  name: Id,
  cluster: z.strictObject({
    name: z.string().startsWith('k3d-'),
    namespace: Id,
    definition: z.string(),
    dataVolume: z
      .string()
      .regex(/^[a-zA-Z0-9][\w.-]+$/)
      .describe("Docker's name of the volume with all data"),
  }),
  platform: z.array(z.strictObject({ id: Id, title: z.string().min(1), endpoints: z.array(Endpoint).min(1) })),
  services: z.array(Service).min(1),
})

export type Catalogue = z.infer<typeof Catalogue>
export type Service = z.infer<typeof Service>
export type Endpoint = z.infer<typeof Endpoint>
export type Ready = z.infer<typeof Ready>
export type ProgramName = z.infer<typeof ProgramName>
