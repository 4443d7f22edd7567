import { gzipSync } from 'node:zlib'

/** One member of an archive, and what its header says of it that need not be so. */
export interface TarEntry {
  readonly name: string
  /** `0` a file, `1` a link to another member, `2` a symbolic link, `3` to `6` devices, folders, pipes, `L` a long name, `x` more. */
  readonly type: string
  readonly content: string
  readonly link: string
  readonly mode: number
  readonly saysSize?: string | undefined
  /** A header whose checksum is wrong. */
  readonly isDamaged?: boolean
}

const BLOCK = 512
const CHECKSUM_AT = 148

/** An archive as POSIX has it (ustar). */
export function tarGz(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => [header(entry), padded(Buffer.from(entry.content, 'latin1'))])
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 1 })
}

function header({ name, type, content, link, mode, saysSize, isDamaged = false }: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  block.write(name, 0, 100)
  block.write(octal(mode, 7), 100)
  block.write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108)
  block.write(saysSize ?? octal(content.length, 11), 124, 12)
  block.write(octal(0, 11), 136)
  block.write(' '.repeat(8), CHECKSUM_AT)
  block.write(type, 156, 1)
  block.write(link, 157, 100)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, isDamaged ? 1 : 0)
  block.write(`${octal(sum, 6)}\0 `, CHECKSUM_AT)
  return block
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)])
}
