import { print, serve } from './serve.mjs'

print('something new')
serve()
