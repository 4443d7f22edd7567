process.stderr.write('Error: not today\n')
process.exit(1)
