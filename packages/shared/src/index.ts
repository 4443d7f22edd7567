export * from './run.ts'
export * from './worker.ts'
