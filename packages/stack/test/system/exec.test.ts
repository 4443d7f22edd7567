import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { exec, execText } from '../../src/system/exec.ts'
import { identifyProcess } from '../../src/system/processes.ts'

const node = (script: string) => [process.execPath, '-e', script]

test('returns output and exit code, whatever the exit code', async () => {
  const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 3'
  expect(await exec(node(script))).toEqual({ exitCode: 3, stdout: 'out', stderr: 'err' })
})

test('passes arguments as they are: there is no shell', async () => {
  expect(await execText([...node('console.log(process.argv[1])'), '$HOME; echo "x" *'])).toBe('$HOME; echo "x" *')
})

test('hands over the input, and lines as they come', async () => {
  const lines: string[] = []
  await exec(node('process.stdin.pipe(process.stdout)'), {
    input: 'one\ntwo\nthree',
    onLine: (line) => lines.push(line),
  })
  expect(lines).toEqual(['one', 'two', 'three'])
})

test('says which command failed, and its last words', async () => {
  await expect(execText(node('console.error("no luck"); process.exit(1)'))).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringMatching(/exit code 1:\nno luck$/),
  })
})

test('says that a program is not there', async () => {
  await expect(exec(['no-such-program'])).rejects.toMatchObject({ code: 'TOOL_MISSING', exitCode: 3 })
})

test('ends at the timeout, and when it is aborted', async () => {
  const forever = node('setInterval(() => {}, 1000)')
  await expect(exec(forever, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'COMMAND_TIMED_OUT', exitCode: 4 })
  await expect(exec(forever, { signal: AbortSignal.timeout(100) })).rejects.toThrow()
})

test('who aborts gets the reason back', async () => {
  const abort = new AbortController()
  const running = exec(node('console.log(1); setInterval(() => {}, 1000)'), {
    signal: abort.signal,
    onLine: () => abort.abort(new Error('enough')),
  })
  await expect(running).rejects.toThrow('enough')
})

test('a program that says more than a string can hold is ended, and its lines alone may go on for ever', async () => {
  const script = `
    const line = 'x'.repeat(1023) + '\\n'
    let left = 210_000
    const write = () => { while (left-- > 0) if (!process.stdout.write(line)) return process.stdout.once('drain', write) }
    write()`
  await expect(exec(node(script))).rejects.toMatchObject({ code: 'COMMAND_SAID_TOO_MUCH' })
  let lines = 0
  const onLine = () => {
    lines += 1
  }
  expect(await exec(node(script), { onLine, timeoutMs: null, keepOutput: false })).toMatchObject({ stdout: '' })
  expect(lines).toBe(210_000)
})

test('input that a program does not read does no harm', async () => {
  expect(await exec(node('0'), { input: 'x'.repeat(5_000_000) })).toMatchObject({ exitCode: 0 })
})

test('what a program has started ends with it when it is asked for', async () => {
  const parent = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    console.log(child.pid)
    setInterval(() => {}, 1000)`
  const abort = new AbortController()
  let pid = 0
  const onLine = (line: string) => {
    pid = Number(line)
    abort.abort()
  }
  onTestFinished(async () => void (await exec(['kill', '-KILL', String(pid)])))
  await expect(exec(node(parent), { group: true, signal: abort.signal, onLine })).rejects.toThrow()
  await expect.poll(async () => await identifyProcess(pid), { timeout: 5_000 }).toBeNull()
})

test('a program that ignores its end does not keep the caller from ending', async () => {
  const stubborn = `process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)`
  const module = new URL('../../src/system/exec.ts', import.meta.url).href
  const caller = `
    import { exec } from ${JSON.stringify(module)}
    const argv = [process.execPath, '-e', ${JSON.stringify(stubborn)}]
    const abort = new AbortController()
    const onLine = (line) => { console.log(line); abort.abort() }
    await exec(argv, { signal: abort.signal, onLine }).catch(() => {})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', caller], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await once(child.stdout, 'data')
  const pid = Number(String(output))
  onTestFinished(() => {
    child.kill('SIGKILL')
    process.kill(pid, 'SIGKILL')
  })
  expect(await once(child, 'exit')).toEqual([0, null])
})
