// One JMAP endpoint: calls in batches, uploads with progress, and the stream of changes. The browser's cookie says who we
// are; a token that only this page can read says that it is this page who asks.

import type { Id, Session } from './types'

export const capabilities = {
  core: 'urn:ietf:params:jmap:core',
  mail: 'urn:ietf:params:jmap:mail',
  submission: 'urn:ietf:params:jmap:submission',
  quota: 'urn:ietf:params:jmap:quota',
  journey: 'urn:pabal:journey',
} as const

/** What went wrong, by what the caller does about it. */
export type Trouble =
  | 'offline' // try again when the network is back
  | 'signed-out' // ask for the password, then try again
  | 'busy' // the server asks for patience
  | 'refused' // will not work like this
  | 'aborted' // nobody wants it any more

export class JmapError extends Error {
  constructor(
    readonly trouble: Trouble,
    /** The standard's name, e.g. `stateMismatch`. */
    readonly type: string,
    message: string,
  ) {
    super(message)
  }
}

export type Arguments = Record<string, unknown>
type Invocation = [name: string, args: Arguments, callId: string]

/** A call of a batch that is still to be sent: its answer, and references to it for later calls of the batch. */
export interface Call<T> {
  readonly answer: Promise<T>
  /** For an argument whose name begins with `#` (RFC 8620 §3.7). */
  ref(path: string): { resultOf: string; name: string; path: string }
}

interface Waiting {
  resolve: (value: never) => void
  reject: (reason: JmapError) => void
}

/** Calls that travel together, and are answered in order. */
export class Batch {
  private readonly calls: Invocation[] = []
  private readonly waiting = new Map<string, Waiting>()

  constructor(
    private readonly client: JmapClient,
    private readonly accountId: Id,
  ) {}

  call<T>(name: string, args: Arguments): Call<T> {
    const callId = String(this.calls.length)
    this.calls.push([name, { accountId: this.accountId, ...args }, callId])
    const answer = new Promise<T>((resolve, reject) => this.waiting.set(callId, { resolve, reject }))
    answer.catch(() => undefined) // whoever waits for it hears of it; nobody has to
    return { answer, ref: (path) => ({ resultOf: callId, name, path }) }
  }

  async send(signal?: AbortSignal): Promise<void> {
    try {
      const { methodResponses } = await this.client.post<{ methodResponses: Invocation[] }>(
        { using: this.client.using, methodCalls: this.calls },
        signal,
      )
      for (const [name, args, callId] of methodResponses) this.settle(name, args, callId)
      for (const callId of [...this.waiting.keys()]) {
        this.settle('error', { type: 'serverFail', description: 'the server left this call unanswered' }, callId)
      }
    } catch (error) {
      const reason =
        error instanceof JmapError ? error : new JmapError(signal?.aborted ? 'aborted' : 'offline', 'network', String(error))
      for (const { reject } of this.waiting.values()) reject(reason)
      throw reason
    }
  }

  // A method may answer more than once under its id (onSuccessUpdateEmail): the first is its own.
  private settle(name: string, args: Arguments, callId: string): void {
    const waiting = this.waiting.get(callId)
    if (waiting === undefined) return
    this.waiting.delete(callId)
    if (name !== 'error') waiting.resolve(args as never)
    else waiting.reject(new JmapError('refused', String(args['type']), String(args['description'] ?? args['type'])))
  }
}

/** Milliseconds; who waits for longer thinks that it is broken. */
const answerWithin = 60_000
const csrfHeader = 'X-CSRF-Token'

export class JmapClient {
  readonly using: string[]

  private constructor(
    readonly session: Session,
    private csrfToken: string,
  ) {
    this.using = Object.values(capabilities).filter((name) => name in session.capabilities)
  }

  /** Null: nobody is signed in. */
  static async connect(csrfToken: string): Promise<JmapClient | null> {
    const response = await fetch('/jmap/session', { headers: { Accept: 'application/json' } })
    if (response.status === 401) return null
    if (!response.ok) throw await failureOf(response)
    return new JmapClient((await response.json()) as Session, csrfToken)
  }

  /** The same person signed in anew. */
  renew(csrfToken: string): void {
    this.csrfToken = csrfToken
  }

  get accountId(): Id {
    const id = this.session.primaryAccounts[capabilities.mail]
    if (id === undefined) throw new JmapError('refused', 'noMail', 'this login has no mailbox')
    return id
  }

  batch(): Batch {
    return new Batch(this, this.accountId)
  }

  /** One call alone. */
  async call<T>(name: string, args: Arguments, signal?: AbortSignal): Promise<T> {
    const batch = this.batch()
    const call = batch.call<T>(name, args)
    await batch.send(signal)
    return call.answer
  }

  async post<T>(body: unknown, signal?: AbortSignal): Promise<T> {
    const response = await fetch(this.session.apiUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', [csrfHeader]: this.csrfToken },
      body: JSON.stringify(body),
      signal: AbortSignal.any([AbortSignal.timeout(answerWithin), ...(signal === undefined ? [] : [signal])]),
    })
    if (!response.ok) throw await failureOf(response)
    return (await response.json()) as T
  }

  downloadUrl(blobId: Id, name: string, type: string): string {
    return fill(this.session.downloadUrl, { accountId: this.accountId, blobId, name, type })
  }

  /** fetch() tells nothing of how far an upload is, so this is the older way. */
  upload(file: Blob, onProgress: (sent: number) => void, signal: AbortSignal): Promise<{ blobId: Id; size: number; type: string }> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open('POST', fill(this.session.uploadUrl, { accountId: this.accountId }))
      request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
      request.setRequestHeader(csrfHeader, this.csrfToken)
      request.responseType = 'json'
      request.upload.onprogress = (event) => onProgress(event.loaded)
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve(request.response as { blobId: Id; size: number; type: string })
        else reject(failure(request.status, request.response as Problem | null))
      }
      request.onerror = () => reject(new JmapError('offline', 'network', 'the connection broke off'))
      request.onabort = () => reject(new JmapError('aborted', 'network', 'taken back'))
      signal.addEventListener('abort', () => request.abort(), { once: true })
      request.send(file)
    })
  }

  /** Tells of each change until stopped. The browser connects again by itself. */
  listen(types: string[], onChange: (changed: Record<string, string>) => void, onLive: (live: boolean) => void): () => void {
    const source = new EventSource(fill(this.session.eventSourceUrl, { types: types.join(','), closeafter: 'no', ping: '30' }))
    source.addEventListener('state', (event) => {
      const { changed } = JSON.parse((event as MessageEvent<string>).data) as { changed: Record<Id, Record<string, string>> }
      const ours = changed[this.accountId]
      if (ours !== undefined) onChange(ours)
    })
    source.onopen = () => onLive(true)
    source.onerror = () => onLive(false)
    return () => source.close()
  }
}

interface Problem {
  type?: string
  detail?: string
  limit?: string
}

async function failureOf(response: Response): Promise<JmapError> {
  const problem = (await response.json().catch(() => null)) as Problem | null
  return failure(response.status, problem)
}

function failure(status: number, problem: Problem | null): JmapError {
  const trouble: Trouble = status === 401 ? 'signed-out' : status === 429 || status >= 500 ? 'busy' : 'refused'
  return new JmapError(trouble, problem?.limit ?? problem?.type ?? String(status), problem?.detail ?? `the server answered ${status}`)
}

/** A URI template of level 1 (RFC 6570), which is all that JMAP uses. */
export function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
}
