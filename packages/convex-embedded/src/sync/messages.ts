import { z } from 'zod'
import { Args } from '../functionArgs.ts'

const Run = {
  requestId: z.number().int().nonnegative(),
  udfPath: z.string(),
  args: Args,
  componentPath: z.string().optional(),
}

const Connect = z.object({
  type: z.literal('Connect'),
  sessionId: z.string().min(1).max(100),
  clientTs: z.number().optional(),
})
const Authenticate = z.object({
  type: z.literal('Authenticate'),
  baseVersion: z.number().int().nonnegative(),
  tokenType: z.enum(['User', 'Admin', 'None']),
  value: z.string().optional(),
  impersonating: z.unknown().optional(),
})
const Add = z.object({
  type: z.literal('Add'),
  queryId: z.number().int().nonnegative(),
  udfPath: z.string(),
  args: Args,
  journal: z.string().nullish(),
  componentPath: z.string().optional(),
})
const Remove = z.object({ type: z.literal('Remove'), queryId: z.number().int().nonnegative() })
const ModifyQuerySet = z.object({
  type: z.literal('ModifyQuerySet'),
  baseVersion: z.number().int().nonnegative(),
  newVersion: z.number().int().nonnegative(),
  modifications: z.array(z.discriminatedUnion('type', [Add, Remove])),
})
const Mutation = z.object({ type: z.literal('Mutation'), ...Run })
const Action = z.object({ type: z.literal('Action'), ...Run })
const Event = z.object({ type: z.literal('Event') })

/** What clients send. Source: convex, src/browser/sync/protocol.ts */
export const ClientMessage = z.discriminatedUnion('type', [
  Connect,
  Authenticate,
  ModifyQuerySet,
  Mutation,
  Action,
  Event,
])
export type ClientMessage = z.infer<typeof ClientMessage>
export type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
export type AddQuery = z.infer<typeof Add>

/** Where a connection stands. Each side begins at zero with every new socket. */
export interface Version {
  readonly querySet: number
  readonly identity: number
  /** Nanoseconds since 1970. */
  readonly ts: bigint
}

/** 64 bits, unsigned, little-endian, in base64. */
export function encodeTs(ts: bigint): string {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(ts)
  return bytes.toString('base64')
}

export function encodeVersion(version: Version) {
  return { querySet: version.querySet, identity: version.identity, ts: encodeTs(version.ts) }
}
