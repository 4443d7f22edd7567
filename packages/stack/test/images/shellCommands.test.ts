import { shellCommands } from '@nebula/stack/images/shellCommands'
import { expect, test } from 'vitest'

test.each([
  ['kill -INT 1; while kill -0 1; do sleep 0.1; done', ['sleep']],
  ['temporal operator describe >/dev/null 2>&1 || temporal create "$NAME"', ['temporal']],
  ['if ! pg_isready -h 127.0.0.1; then echo no | tee /tmp/x; fi', ['pg_isready', 'tee']],
  ['A=1 env B=2 program', ['env']],
  ['# comment; rm -rf /\ncat file', ['cat']],
  ["echo 'rm; mv' && exec ./server", ['./server']],
])('%s runs %j', (script, programs) => {
  expect(shellCommands(script)).toEqual(programs)
})

test('functions of the script are none of its programs, but what they run is', () => {
  const script = `
    step() {
      "$@" > /tmp/log 2>&1 || { cat /tmp/log; return 1; }
    }
    until step temporal-sql-tool create; do
      sleep 1
    done
    step other-tool
  `
  expect(shellCommands(script)).toEqual(['cat', 'temporal-sql-tool', 'sleep', 'other-tool'])
})
