process.stdout.write('running\n')
setInterval(() => {}, 1000)
