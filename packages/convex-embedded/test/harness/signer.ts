import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export interface Signer {
  readonly jwks: string
  sign(claims?: Record<string, unknown>, expiresIn?: string | number): Promise<string>
}

/** A key for the fixture's provider: its public half as a data: URI, and tokens signed with it. */
export async function makeSigner(): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }]
  return {
    jwks: `data:text/plain;charset=utf-8;base64,${Buffer.from(JSON.stringify({ keys })).toString('base64')}`,
    sign: async (claims = {}, expiresIn = '5m') =>
      await new SignJWT({ iss: 'https://fixture.invalid/service', aud: 'fixture', sub: 'worker', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'JWT' })
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(privateKey),
  }
}
