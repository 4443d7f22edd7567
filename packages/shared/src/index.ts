export * from './health.ts'
export * from './run.ts'
export * from './serviceToken.ts'
export * from './workflow.ts'
