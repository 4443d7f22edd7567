// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references look
import { test } from 'vitest'
import { expectProblem, type Mistake } from './mistakes.ts'

const mistakes: Record<string, Mistake> = {
  'a key with a letter missing': {
    from: 'hints:',
    to: 'hint:',
    at: 'hint:',
    expected: /^unknown key "hint" in services\[database\]: did you mean "hints"\?$/,
  },
  'a key that is like no other': {
    from: 'summary: Shows things',
    to: 'summary: Shows things\n    colour: red',
    at: 'colour',
    expected: /^unknown key "colour" in services\[web\]: expected one of id, title, summary/,
  },
  'a key of another kind of check': {
    from: 'endpoint: ui, path: /health',
    to: 'endpoint: ui, user: me, path: /health',
    at: 'user: me, path',
    expected:
      /^unknown key "user" in services\[web\]\.ready: expected one of kind, endpoint, path, status, deadlineMs$/,
  },
  'a key of a check of the first kind in one of another': {
    from: '{ kind: http, endpoint: ui, path: /health, status: 200,',
    to: '{ kind: tcp, endpoint: ui, path: /health,',
    at: 'path: /health',
    expected: /^unknown key "path" in services\[web\]\.ready: expected one of kind, endpoint, deadlineMs$/,
  },
  'a key at the top': {
    from: 'platform:',
    to: 'platfrom: []\nplatform:',
    at: 'platfrom',
    expected: /^unknown key "platfrom" at the top: did you mean "platform"\?$/,
  },
  'a value that is missing': {
    from: '    title: Web\n',
    to: '',
    at: 'id: web',
    expected: /^services\[web\]\.title: expected a text; it is missing$/,
  },
  'a value of another type': {
    from: 'usualStartMs: 100\n    hints',
    to: 'usualStartMs: soon\n    hints',
    at: 'soon',
    expected: /^services\[database\]\.usualStartMs: expected a number; got "soon"$/,
  },
  'a number that is not whole': {
    from: 'localPort: 8080',
    to: 'localPort: 8080.5',
    at: '8080.5',
    expected: /^services\[web\]\.endpoints\[ui\]\.localPort: expected a whole number; got 8080\.5$/,
  },
  'a map in the place of a list': {
    from: 'needs: [{ id: database, until: healthy }]',
    to: 'needs: { id: database }',
    at: '{ id: database }',
    expected: /^services\[migrations\]\.needs: expected a list; got a map$/,
  },
  'nothing in a list of maps': {
    from: 'needs: [{ id: database, until: healthy }]',
    to: 'needs: [null]',
    at: 'null]',
    expected: /^services\[migrations\]\.needs\[0\]: expected a map; got nothing$/,
  },
  'a list in the place of a map': {
    from: '{ memoryMb: 10, diskMb: 20 }',
    to: '[10, 20]',
    at: '[10, 20]',
    expected: /^services\[database\]\.resources: expected a map; got a list$/,
  },
  'an empty list in the place of a text': {
    from: 'say: The disk is full.',
    to: 'say: []',
    at: '[], fix',
    expected: /^services\[database\]\.hints\[0\]\.say: expected a text; got an empty list$/,
  },
  'a text in the place of a map of variables': {
    from: "env: { PASSWORD: '${secret.postgresPassword}', URL: '${database.sql.url}', DATA: '${data}/web' }",
    to: 'env: none',
    at: 'none',
    expected: /^services\[web\]\.embedded\.env: expected a map; got "none"$/,
  },
  'a text that is left empty': {
    from: 'title: Web',
    to: "title: ''",
    at: "''\n    summary",
    expected: /^services\[web\]\.title: expected string to have >=1 characters; got ""$/,
  },
  'a number that is too small': {
    from: 'localPort: 8080',
    to: 'localPort: 0',
    at: '0, label: Web',
    expected: /^services\[web\]\.endpoints\[ui\]\.localPort: expected number to be >=1; got 0$/,
  },
  'a value in a list of texts': {
    from: '[node, web.ts,',
    to: '[node, 5,',
    at: "5, '--database",
    expected: /^services\[web\]\.embedded\.argv\[1\]: expected a text; got 5$/,
  },
  'a check that does not say its kind': {
    from: '{ kind: http, endpoint: ui, path: /health',
    to: '{ endpoint: ui, path: /health',
    at: '{ endpoint: ui, path: /health',
    expected: /^services\[web\]\.ready\.kind: expected one of "http", "tcp", .*"exec"; it is missing$/,
  },
  'a word that is like no other': {
    from: 'kind: job',
    to: 'kind: something',
    at: 'something',
    expected: /^services\[migrations\]\.kind: expected one of "server", "job"; got "something"$/,
  },
  'a word that is misspelt': {
    from: 'kind: job',
    to: 'kind: jbo',
    at: 'jbo',
    expected: /^services\[migrations\]\.kind: expected one of "server", "job"; got "jbo"; did you mean "job"\?$/,
  },
  'a check that does not exist': {
    from: 'kind: http, endpoint',
    to: 'kind: htpp, endpoint',
    at: 'htpp',
    expected: /^services\[web\]\.ready\.kind: expected one of "http", "tcp", .*; got "htpp"; did you mean "http"\?$/,
  },
  'a port that is none': {
    from: 'localPort: 8080',
    to: 'localPort: 80800',
    at: '80800',
    expected: /^services\[web\]\.endpoints\[ui\]\.localPort: expected number to be <=65535; got 80800$/,
  },
  'an id that is no DNS label': {
    from: 'id: web',
    to: 'id: Web_1',
    at: 'Web_1',
    expected: /^services\[Web_1\]\.id: expected a DNS label: .*; got "Web_1"$/,
  },
  'a path without a slash': {
    from: 'path: /health',
    to: 'path: health',
    at: 'health, status',
    expected: /^services\[web\]\.ready\.path: expected a text that must start with "\/"; got "health"$/,
  },
  'an environment variable in lower case': {
    from: 'PASSWORD:',
    to: 'password:',
    at: 'password:',
    expected: /^services\[web\]\.embedded\.env\.password: expected a name of upper-case letters/,
  },
  'a secret that does not exist': {
    from: 'passwordSecret: postgresPassword',
    to: 'passwordSecret: postgrsPassword',
    at: 'postgrsPassword',
    expected: /; did you mean "postgresPassword"\?$/,
  },
}

test.each(Object.entries(mistakes))('says where and what is expected for %s', (_, mistake) => expectProblem(mistake))
