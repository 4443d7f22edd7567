import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { unpack } from '@nebula/stack/embedded/programs/download'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import fc from 'fast-check'
import { afterAll } from 'vitest'
import { fuzz } from './lib/fuzz.ts'
import { mustBeSound } from './lib/inProcess.ts'
import { tarGz } from './lib/tar.ts'
import { zip } from './lib/zip.ts'

const PROGRAM = 'program'
const place = mkdtempSync(path.join(tmpdir(), 'nebula-fuzz-'))
const canary = path.join(place, 'canary')
const folder = path.join(place, 'folder')
writeFileSync(canary, 'as it was', { mode: 0o600 })
afterAll(() => rmSync(place, { recursive: true, force: true }))

const NAMES = [
  ...[PROGRAM, PROGRAM, PROGRAM, PROGRAM, `./${PROGRAM}`, `/${PROGRAM}`, `../${PROGRAM}`, '../canary', canary, `${PROGRAM}/`, `${PROGRAM}/x`, `x/../${PROGRAM}`, `x/${PROGRAM}`],
  ...[`..\\${PROGRAM}`, `C:${PROGRAM}`, `${PROGRAM}\0.txt`, PROGRAM.toUpperCase(), '', '.', '..', '/', '-rf', '--checkpoint-action=exec=touch ../x', '__proto__', 'constructor', '\xff', 'a'.repeat(99)],
] // biome-ignore format: lists
const LINKS = ['../canary', canary, '/etc/passwd', '..', '.', PROGRAM, 'archive', '', '/dev/zero', '/proc/self/mem']
const MODES = [0o755, 0o644, 0, 0o777, 0o4755, 0o6777, 0o1777, 0o120777, 0o40755, 0o20666, 0o10644]

const name = fc.constantFrom(...NAMES)
const content = fc.oneof(fc.constantFrom('#!/bin/sh\n', '', 'x'.repeat(10_000)), fc.string({ unit: 'binary-ascii' }))
const size = fc.option(fc.constantFrom(0, 1, 100, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff), {
  nil: undefined,
  freq: 6,
})
const zips = fc
  .array(
    fc.record({
      name,
      content,
      isDeflated: fc.boolean(),
      mode: fc.constantFrom(...MODES),
      saysSize: size,
      saysPacked: size,
      saysMethod: fc.option(fc.constantFrom(0, 1, 8, 9, 12, 99), { nil: undefined, freq: 8 }),
      saysFlags: fc.option(fc.constantFrom(1, 8, 0x800, 0xffff), { nil: undefined, freq: 8 }),
    }),
    { maxLength: 3 },
  )
  .map((entries) => ({ kind: 'zip' as const, bytes: zip(entries) }))
const tars = fc
  .array(
    fc.record({
      name,
      content,
      type: fc.constantFrom(
        '0',
        '0',
        '0',
        '\0',
        '1',
        '2',
        '3',
        '4',
        '5',
        '6',
        '7',
        'L',
        'K',
        'x',
        'g',
        'S',
        'D',
        'M',
        'V',
        '?',
      ),
      link: fc.constantFrom(...LINKS),
      mode: fc.constantFrom(...MODES).map((mode) => mode & 0o7777),
      saysSize: fc.option(
        fc.constantFrom('77777777777', '-1', '99999999999', '', '\x80\0\0\0\0\0\0\0\0\0\0\xff', '00000000001'),
        { nil: undefined, freq: 8 },
      ),
      isDamaged: fc.constantFrom(false, false, false, false, false, false, true),
    }),
    { maxLength: 3 },
  )
  .map((entries) => ({ kind: 'tar.gz' as const, bytes: tarGz(entries) }))

const archives = fc
  // Each tar is a process; a zip is not.
  .tuple(
    fc.oneof({ weight: 6, arbitrary: zips }, { weight: 1, arbitrary: tars }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(9),
    fc.nat(255),
  )
  .map(([{ kind, bytes }, part, damage, byte]) => {
    const at = Math.floor(bytes.length * part)
    if (damage === 0) return { kind, base64: bytes.subarray(0, at).toString('base64') }
    if (damage === 1 && at < bytes.length) bytes[at] = byte
    return { kind, base64: bytes.toString('base64') }
  })

fuzz<{ kind: 'zip' | 'tar.gz'; base64: string }>('archives', () => ({
  inputs: archives,
  corpus: [
    { type: '2', link: '/bin/sh', mode: 0o777 },
    { type: '0', link: '', mode: 0o6777 },
  ].map((entry) => ({
    kind: 'tar.gz',
    base64: tarGz([{ name: PROGRAM, content: '', ...entry }]).toString('base64'),
  })),
  attempt: async ({ kind, base64 }) => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    const archive = path.join(folder, `archive.${kind}`)
    writeFileSync(archive, Buffer.from(base64, 'base64'))
    let file: string | undefined
    await mustBeSound(async () => {
      file = await unpack(archive, PROGRAM, folder).catch((error: unknown) => {
        if (error instanceof NebulaError) return undefined
        throw error
      })
    })
    const others = readdirSync(place).filter((entry) => entry !== 'canary' && entry !== 'folder')
    if (others.length > 0) throw new Error(`outside of its folder there is ${others.join(', ')}`)
    if (readFileSync(canary, 'utf8') !== 'as it was' || (lstatSync(canary).mode & 0o7777) !== 0o600) {
      throw new Error('a file outside of its folder was changed')
    }
    if (file === undefined) return
    const { mode, nlink, uid } = lstatSync(file)
    if (path.dirname(file) !== folder || (mode & 0o177777) !== 0o100755 || uid !== process.getuid?.()) {
      throw new Error(`${file} has the mode ${mode.toString(8)}, user ${uid}`)
    }
    if (nlink > 1) throw new Error(`${file} is another file as well`)
  },
}))
