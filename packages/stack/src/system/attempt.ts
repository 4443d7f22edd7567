/** The value of a promise, or the error that it was rejected with, for errors that are results. */
export async function attempt<Value>(promise: Promise<Value>): Promise<Value | Error> {
  try {
    return await promise
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
