/** What `.nebula/secrets.json` holds; stack.yaml refers to these names. */
export const SECRET_NAMES = [
  'postgresPassword',
  'convexInstanceName',
  'convexInstanceSecret',
  'convexAdminKey',
  'serviceKey',
  'serviceJwks',
] as const

export type SecretName = (typeof SECRET_NAMES)[number]
