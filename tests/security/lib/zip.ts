import { crc32, deflateRawSync } from 'node:zlib'

/** One file of an archive, and what its headers say of it that need not be so. */
export interface ZipEntry {
  readonly name: string
  readonly content: string
  readonly isDeflated: boolean
  /** Unix: the mode and kind of a file, in the upper half of its attributes. */
  readonly mode: number
  /** Its real size, if undefined. */
  readonly saysSize?: number | undefined
  readonly saysPacked?: number | undefined
  readonly saysMethod?: number | undefined
  readonly saysFlags?: number | undefined
}

const UNIX = 3
const VERSION = 20

/** An archive as APPNOTE.TXT of PKWARE has it, sections 4.3 and 4.4. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const { local, directory } = packed(entry, offset)
    locals.push(local)
    central.push(directory)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

function packed(entry: ZipEntry, offset: number): { local: Buffer; directory: Buffer } {
  const content = Buffer.from(entry.content, 'latin1')
  const data = entry.isDeflated ? deflateRawSync(content) : content
  const name = Buffer.from(entry.name)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(VERSION, 0)
  common.writeUInt16LE(entry.saysFlags ?? 0, 2)
  common.writeUInt16LE(entry.saysMethod ?? (entry.isDeflated ? 8 : 0), 4)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(entry.saysPacked ?? data.length, 14)
  common.writeUInt32LE(entry.saysSize ?? content.length, 18)
  common.writeUInt16LE(name.length, 22)
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE((entry.mode << 16) >>> 0, 6)
  rest.writeUInt32LE(offset, 10)
  return {
    local: Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]),
    directory: Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([VERSION, UNIX]), common, rest, name]),
  }
}
