export { type Dashboard, type DashboardOptions, startDashboard } from './dashboard/dashboard.ts'
export { type ConvexServer, type ConvexServerOptions, startConvexServer } from './server.ts'
