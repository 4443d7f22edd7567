// What `npm run <command>` starts. Plain JavaScript without dependencies: on a fresh clone nothing else is here yet.
// main.mjs needs Node.js 20; this file says so to an older one, which could not even read that.
const oldest = 20

if (Number(process.versions.node.split('.')[0]) < oldest) {
  process.stderr.write(`✗ Node.js ${process.versions.node} is too old\n→ install Node.js ${oldest} or newer\n`)
  process.exitCode = 3
} else {
  void import('./main.mjs').then(({ main }) => main(process.argv.slice(2)))
}
