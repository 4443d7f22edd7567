import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import type { Finding, Try } from './check.ts'
import { decodeServingStatus, encodeHealthRequest, type ServingStatus } from './grpcHealthMessage.ts'

/** Asks the standard health service (grpc.health.v1) about one service of the server. */
export async function checkGrpc(service: string, { host, port, timeoutMs, signal }: Try): Promise<Finding> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure(), {
    // Channels to one address share their connections otherwise, and with them a back-off after a refused one.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  })
  try {
    const servingStatus = await ask(client, service, timeoutMs, signal)
    return servingStatus === 'SERVING' ? { ok: true } : { ok: false, detail: `${service} is ${servingStatus}` }
  } finally {
    client.close()
  }
}

async function ask(client: Client, service: string, timeoutMs: number, signal: AbortSignal): Promise<ServingStatus> {
  return await new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      encodeHealthRequest,
      decodeServingStatus,
      service,
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        signal.removeEventListener('abort', cancel)
        if (error) reject(explain(error, service))
        else resolve(answer ?? 'UNKNOWN')
      },
    )
    const cancel = () => call.cancel()
    signal.addEventListener('abort', cancel, { once: true })
  })
}

function explain(error: ServiceError, service: string): Error {
  switch (error.code) {
    case status.UNAVAILABLE:
      return new Error(/ECONNREFUSED/.test(error.details) ? 'nothing listens there' : error.details)
    case status.NOT_FOUND:
      return new Error(`the server does not know the service ${service}`)
    case status.UNIMPLEMENTED:
      return new Error('the server has no health service (grpc.health.v1)')
    default:
      return new Error(error.details || error.message)
  }
}
