// Loaded into a server under test before its own program (node --expose-gc --import): tells what it holds.
process.on('message', () => {
  globalThis.gc()
  // What the first collection finalizes, the second one takes.
  setImmediate(() => {
    globalThis.gc()
    const { heapUsed, external } = process.memoryUsage()
    process.send(heapUsed + external)
  })
})
process.channel.unref()
