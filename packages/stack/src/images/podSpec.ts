import { z } from 'zod'

const EnvironmentVariable = z.looseObject({ name: z.string(), value: z.string().optional() })

const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  workingDir: z.string().optional(),
  env: z.array(EnvironmentVariable).default([]),
  ports: z.array(z.looseObject({ name: z.string().optional(), containerPort: z.int() })).default([]),
  volumeMounts: z
    .array(
      z.looseObject({
        name: z.string(),
        mountPath: z.string(),
        subPath: z.string().optional(),
        readOnly: z.boolean().default(false),
      }),
    )
    .default([]),
  securityContext: z
    .looseObject({
      runAsUser: z.int().optional(),
      runAsGroup: z.int().optional(),
      readOnlyRootFilesystem: z.boolean().default(false),
    })
    .default({ readOnlyRootFilesystem: false }),
  lifecycle: z.looseObject({ preStop: z.looseObject({ exec: Command().optional() }).optional() }).optional(),
  startupProbe: Probe().optional(),
  readinessProbe: Probe().optional(),
  livenessProbe: Probe().optional(),
})

/** The parts of a pod that decide whether its containers can run, with Kubernetes' defaults. */
export const PodSpec = z.looseObject({
  restartPolicy: z.string().default('Always'),
  securityContext: z
    .looseObject({
      runAsNonRoot: z.boolean().default(false),
      runAsUser: z.int().optional(),
      runAsGroup: z.int().optional(),
      fsGroup: z.int().optional(),
    })
    .default({ runAsNonRoot: false }),
  initContainers: z.array(Container).default([]),
  containers: z.array(Container),
  volumes: z
    .array(
      z.looseObject({
        name: z.string(),
        emptyDir: z.looseObject({}).optional(),
        persistentVolumeClaim: z.looseObject({}).optional(),
        configMap: z.looseObject({ name: z.string(), defaultMode: z.int().default(0o644) }).optional(),
        secret: z.looseObject({ defaultMode: z.int().default(0o644) }).optional(),
      }),
    )
    .default([]),
})

export type PodSpec = Readonly<z.infer<typeof PodSpec>>
export type PodContainer = Readonly<z.infer<typeof Container>>
export type PodVolume = PodSpec['volumes'][number]

function Command() {
  return z.looseObject({ command: z.array(z.string()) })
}

function Probe() {
  return z.looseObject({ exec: Command().optional() })
}
