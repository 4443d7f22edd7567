import { config } from 'zod'

// zod would compile schemas with `new Function`, and tries whether it may: a content security policy reports the try.
// Imported before anything that makes a schema.
config({ jitless: true })
