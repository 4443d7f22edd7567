/** A small catalogue with one of everything, for tests that break it. */
export const catalogueText = `name: nebula
cluster: { name: k3d-nebula, namespace: nebula, definition: infra/ctlptl.yaml, dataVolume: nebula-data }
platform:
  - id: tilt
    title: Tilt
    endpoints:
      - { name: ui, scheme: http, localPort: 10350, label: Tilt, audience: person, onForward: openBrowserOnce }
services:
  - id: database
    title: Database
    summary: Keeps things
    group: data
    kind: server
    endpoints:
      - { name: sql, scheme: postgres, containerPort: 5432, localPort: 5432, label: SQL, audience: code, onForward: silent }
    ready: { kind: postgres, endpoint: sql, user: me, database: mine, passwordSecret: postgresPassword, deadlineMs: 1000 }
    resources: { memoryMb: 10, diskMb: 20 }
    usualStartMs: 100
    hints:
      - { match: disk is full, say: The disk is full., fix: df }
  - id: migrations
    title: Migrations
    summary: Makes tables
    group: data
    kind: job
    needs: [{ id: database, until: healthy }]
    resources: { memoryMb: 10, diskMb: 0 }
    usualStartMs: 100
  - id: web
    title: Web
    summary: Shows things
    group: app
    kind: server
    needs:
      - { id: migrations, until: completed }
      - { id: database, until: started }
    endpoints:
      - { name: ui, scheme: http, localPort: 8080, label: Web, audience: person, onForward: notify }
    ready: { kind: http, endpoint: ui, path: /health, status: 200, deadlineMs: 1000 }
    embedded:
      argv: [node, web.ts, '--database=\${database.sql.address}']
      env: { PASSWORD: '\${secret.postgresPassword}', URL: '\${database.sql.url}', DATA: '\${data}/web' }
    resources: { memoryMb: 10, diskMb: 0 }
    usualStartMs: 100
`
