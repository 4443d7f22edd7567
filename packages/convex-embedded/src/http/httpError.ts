/** A refusal with an HTTP status; `code` and the message go to the client as JSON. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: 400 | 401 | 403 | 404 | 413
  readonly code: string

  constructor(status: HttpError['status'], code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}
