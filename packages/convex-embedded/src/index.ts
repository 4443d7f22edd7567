export { type ConvexServer, type ConvexServerOptions, startConvexServer } from './server.ts'
