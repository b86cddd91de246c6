/**
 * A row of the error catalogue: message, help, and the flags that decide how the error is handled.
 * Codes are on the wire (dead-letter headers, HTTP problems, exit messages); a released code is never reused.
 *
 * `http`: status of the problem document, if the error can reach an HTTP caller.
 * `retryable`: the system failed and the same input can succeed later; never dead-lettered.
 * `deadLetter`: the record is invalid; it goes to the dead-letter topic.
 * `partition`: reaction of a partition to the error in a transaction. `isolate`: the broker refuses one record, which is
 *   found by bisection. `halt`: the partition is blocked and retried with long delays until an operator removes the cause.
 *   `fatal`: the process must be replaced. Default: the partition is taken again after a short delay.
 * `engine`: the inference engine failed, independent of the text.
 * `grantable`: an operator can fix it (credentials, ACLs) while the process retries.
 * `refetch`: a stored model file is missing or damaged; it is fetched again before the model version is refused.
 * `scope`: `topic`: the error concerns the named topic only. `cluster`: every further request would fail too.
 * `exit`: exit code of a command; default 1.
 */
export interface ErrorRow {
  readonly message: string
  readonly help: string
  readonly http?: 400 | 401 | 403 | 404 | 405 | 406 | 408 | 409 | 413 | 415 | 422 | 429 | 431 | 500 | 503 | 504
  readonly retryable?: true
  readonly deadLetter?: true
  readonly partition?: 'isolate' | 'halt' | 'fatal'
  readonly engine?: true
  readonly grantable?: true
  readonly refetch?: true
  readonly scope?: 'topic' | 'cluster'
  readonly exit?: 2
}
