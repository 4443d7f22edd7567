/** Who signs the tokens that services show to Convex. The name can never be resolved: the keys come with the deployment. */
export const SERVICE_ISSUER = 'https://nebula.invalid/service'

/** Whom they are for. */
export const SERVICE_AUDIENCE = 'nebula-service'
