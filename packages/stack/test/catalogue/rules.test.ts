// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references look
import { test } from 'vitest'
import { expectProblem, type Mistake } from './mistakes.ts'

const mistakes: Record<string, Mistake> = {
  'an embedded form without a process': {
    from: "argv: [node, web.ts, '--database=${database.sql.address}']\n",
    to: 'cwd: apps\n',
    at: 'cwd: apps',
    expected: /^web: expected either "argv", its process, or "partOf", whose process it is in$/,
  },
  'an embedded form in the process of a service that has none': {
    from: "argv: [node, web.ts, '--database=${database.sql.address}']\n",
    to: 'partOf: database\n',
    at: 'database\n      env',
    expected: /^"database" is no service with a process in embedded mode$/,
  },
  'an embedded form in the process of no service': {
    from: "argv: [node, web.ts, '--database=${database.sql.address}']\n",
    to: 'partOf: nobody\n',
    at: 'nobody',
    expected: /^"nobody" is no service with a process in embedded mode$/,
  },
  'an embedded form in its own process': {
    from: "argv: [node, web.ts, '--database=${database.sql.address}']\n",
    to: 'partOf: web\n',
    at: 'web\n      env',
    expected: /^"web" is no service with a process in embedded mode$/,
  },
  'an embedded form with a process and in that of another': {
    from: 'argv: [node, web.ts',
    to: 'partOf: database\n      argv: [node, web.ts',
    at: 'partOf: database',
    expected: /^web: expected either "argv"/,
  },
  'a program that is started and not named': {
    from: '[node, web.ts,',
    to: '["${program}", web.ts,',
    at: 'argv: ["${program}"',
    expected: /^web: "program" says what \$\{program\} in "argv" is: expected both or neither$/,
  },
  'a database of a program whose stand-in has none': {
    from: 'argv: [node, web.ts,',
    to: 'program: temporal\n      database: x\n      standIn: { argv: [node] }\n      argv: ["${program}", web.ts,',
    at: 'program: temporal',
    expected: /^web: "database" tells the data of program and stand-in apart/,
  },
  'a reference in a stand-in': {
    from: 'argv: [node, web.ts,',
    to: 'program: temporal\n      standIn: { argv: [node, "${no}"] }\n      argv: ["${program}", web.ts,',
    at: '"${no}"',
    expected: /^\$\{no\}: no reference/,
  },
  'a reference in the name of a database': {
    from: 'argv: [node, web.ts,',
    to: 'program: temporal\n      database: "${no}"\n      standIn: { argv: [node], database: x }\n      argv: ["${program}", web.ts,',
    at: '"${no}"',
    expected: /^\$\{no\}: no reference/,
  },
  'a database of a program without a stand-in': {
    from: 'argv: [node, web.ts',
    to: 'database: "${data}/web.sqlite"\n      argv: [node, web.ts',
    at: 'database: "${data}',
    expected: /^web: "database" tells the data of program and stand-in apart: expected it for both or neither$/,
  },
  'a program that nothing starts': {
    from: 'argv: [node, web.ts',
    to: 'program: temporal\n      argv: [node, web.ts',
    at: 'program: temporal',
    expected: /^web: "program" says what \$\{program\} in "argv" is: expected both or neither$/,
  },
  'a stand-in for nothing': {
    from: "DATA: '${data}/web' }",
    to: "DATA: '${data}/web' }\n      standIn: { argv: [node] }",
    at: 'standIn',
    expected: /^web has no "program" to stand in for$/,
  },
  'an id that is taken': {
    from: 'id: web',
    to: 'id: tilt',
    at: 'tilt\n    title: Web',
    expected: /^the id "tilt" is taken by Tilt$/,
  },
  'an endpoint that is there twice': {
    from: 'onForward: notify }\n',
    to: 'onForward: notify }\n      - { name: ui, scheme: tcp, localPort: 1, label: U, audience: code, onForward: ignore }\n',
    at: 'ui, scheme: tcp',
    expected: /^web has two endpoints "ui"$/,
  },
  'a port that is taken': {
    from: 'localPort: 8080',
    to: 'localPort: 5432',
    at: '5432, label: Web',
    expected: /^the local port 5432 is taken by database\.sql$/,
  },
  'a port to forward to that is taken': {
    from: 'localPort: 8080',
    to: 'localPort: 8080, forwardPort: 5432',
    at: '5432, label: Web',
    expected: /^the local port 5432 is taken by database\.sql$/,
  },
  'a need for a service that does not exist': {
    from: '{ id: migrations, until',
    to: '{ id: migration, until',
    at: '{ id: migration,',
    expected: /^web needs "migration", which is no service; did you mean "migrations"\?$/,
  },
  'a need for what is like no service': {
    from: '{ id: migrations, until',
    to: '{ id: something, until',
    at: '{ id: something,',
    expected: /^web needs "something", which is no service$/,
  },
  'a need that is there twice': {
    from: '{ id: database, until: started }',
    to: '{ id: migrations, until:  completed }',
    at: '{ id: migrations, until:  completed }',
    expected: /^web needs migrations twice$/,
  },
  'a job that is to become healthy': {
    from: 'migrations, until: completed',
    to: 'migrations, until: healthy',
    at: '{ id: migrations, until: healthy',
    expected: /^migrations is a job: expected "until: completed"$/,
  },
  'a server that is to complete': {
    from: 'database, until: started',
    to: 'database, until: completed',
    at: '{ id: database, until: completed',
    expected: /^database is a server, it never completes: expected "until: healthy" or "until: started"$/,
  },
  'a server without a check': {
    from: '    ready: { kind: http, endpoint: ui, path: /health, status: 200, deadlineMs: 1000 }\n',
    to: '',
    at: 'server\n    needs',
    expected: /^web is a server: expected "ready"/,
  },
  'a job with a check': {
    from: 'kind: job\n',
    to: 'kind: job\n    ready: { kind: exec, argv: [x], deadlineMs: 1 }\n',
    at: 'ready: { kind: exec',
    expected: /^migrations is a job: .* expected no "ready"$/,
  },
  'a check of an endpoint that does not exist': {
    from: 'endpoint: ui',
    to: 'endpoint: web',
    at: 'web, path: /health',
    expected: /^web has no endpoint "web": expected ui$/,
  },
  'a check of an endpoint where there are two': {
    from: 'onForward: notify }\n    ready: { kind: http, endpoint: ui,',
    to: 'onForward: notify }\n      - { name: api, scheme: tcp, localPort: 1, label: A, audience: code, onForward: ignore }\n    ready: { kind: http, endpoint: x,',
    at: 'x, path',
    expected: /^web has no endpoint "x": expected ui or api$/,
  },
  'a check of an endpoint where there is none': {
    from: '    endpoints:\n      - { name: ui, scheme: http, localPort: 8080, label: Web, audience: person, onForward: notify }\n',
    to: '',
    at: 'ui, path: /health',
    expected: /^web has no endpoint "ui": expected one in its endpoints$/,
  },
  'a check that does not fit its endpoint': {
    from: 'kind: http, endpoint: ui, path: /health, status: 200',
    to: 'kind: grpc, endpoint: ui, service: s',
    at: 'ui, service: s',
    expected: /^the check of web is grpc, its endpoint "ui" is http: expected an endpoint with "scheme: grpc"$/,
  },
  'a hint that is no regular expression': {
    from: 'match: disk is full',
    to: "match: 'disk (is full'",
    at: "'disk (is full'",
    expected: /^expected a regular expression: .*Unterminated group/,
  },
  'a hint that matches everything': {
    from: 'match: disk is full',
    to: "match: '.*'",
    at: "'.*'",
    expected: /^it matches every line/,
  },
  'a reference to a service that does not exist': {
    from: '${database.sql.address}',
    to: '${databse.sql.address}',
    at: "'--database",
    expected: /^\$\{databse\.sql\.address\}: there is no service with endpoints "databse"; did you mean "database"\?$/,
  },
  'a reference to an endpoint that does not exist': {
    from: '${database.sql.address}',
    to: '${database.http.address}',
    at: "'--database",
    expected: /there is no endpoint of database "http"; there is sql$/,
  },
  'a reference to a secret that does not exist': {
    from: '${secret.postgresPassword}',
    to: '${secret.postgresPasword}',
    at: "'${secret.",
    expected: /did you mean "postgresPassword"\?$/,
  },
  'a reference to something else': {
    from: '${data}/web',
    to: '${HOME}/web',
    at: "'${HOME}",
    expected: /^\$\{HOME\}: no reference; expected \$\{service/,
  },
  'a reference without an end': {
    from: '${data}/web',
    to: '${data/web',
    at: "'${data/",
    expected: /^\$\{data\/web: a reference without its end/,
  },
}

test.each(Object.entries(mistakes))('says where and what is expected for %s', (_, mistake) => expectProblem(mistake))
