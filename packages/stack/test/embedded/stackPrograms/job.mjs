import { print } from './serve.mjs'

print('done')
