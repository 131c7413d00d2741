// The signed-in agent: what it knows of the account, what it does with letters, and how it hears of changes.

import { getContext, setContext } from 'svelte'
import { t, type Key } from './i18n/index.svelte'
import { JmapError, type JmapClient } from './jmap/client'
import type { EmailRow, Filter, Id, Identity, Mailbox, GetResponse } from './jmap/types'
import { Letters } from './mail/letters.svelte'
import { Mailboxes } from './mail/mailboxes.svelte'
import { inverse, type Patch } from './mail/patch'
import { ListQuery } from './mail/query.svelte'
import { UndoStack, type Deed } from './mail/undo.svelte'
import type { Router } from './router.svelte'
import { Toasts } from './ui/toasts.svelte'

const keepQueries = 8

export class Agent {
  readonly mailboxes: Mailboxes
  readonly letters: Letters
  readonly undoStack = new UndoStack()
  readonly toasts = new Toasts()
  identities: Identity[] = $state.raw([])
  live = $state(false)
  signedOut = $state(false)

  private readonly queries = new Map<string, ListQuery>()
  private catchingUp: Promise<void> | null = null
  private again = false

  constructor(
    readonly client: JmapClient,
    readonly router: Router,
  ) {
    this.mailboxes = new Mailboxes(client)
    this.letters = new Letters(client)
  }

  async start(): Promise<() => void> {
    const [, identities] = await Promise.all([this.mailboxes.catchUp(), this.client.call<GetResponse<Identity>>('Identity/get', { ids: null })])
    this.identities = identities.list
    return this.client.listen(
      ['Email', 'Mailbox', 'EmailSubmission'],
      () => void this.catchUp(),
      (live) => {
        if (live && !this.live) void this.catchUp() // what happened while we could not hear
        this.live = live
      },
    )
  }

  get addresses(): string[] {
    return this.identities.map(({ email }) => email)
  }

  /** One at a time; a change that is told meanwhile makes one more. */
  catchUp(): Promise<void> {
    if (this.catchingUp !== null) {
      this.again = true
      return this.catchingUp
    }
    const once = async (): Promise<void> => {
      do {
        this.again = false
        await Promise.all([this.letters.catchUp(), this.mailboxes.catchUp(), ...[...this.queries.values()].map((query) => query.refresh())])
      } while (this.again)
    }
    return (this.catchingUp = once()
      .catch((error: unknown) => this.tell(error))
      .finally(() => (this.catchingUp = null)))
  }

  /** The list for a filter; those used last are kept ready. */
  query(filter: Filter | null): ListQuery {
    const key = JSON.stringify(filter)
    const query = this.queries.get(key) ?? new ListQuery(this.client, this.letters, filter, (error) => this.tell(error))
    this.queries.delete(key)
    this.queries.set(key, query)
    for (const [oldest, old] of [...this.queries].slice(0, -keepQueries)) {
      old.close()
      this.queries.delete(oldest)
    }
    return query
  }

  /** Does it, shows it at once, and lets it be undone. */
  async change(patch: Patch, label: string, quiet = false): Promise<void> {
    const before = patch.ids.map((id) => this.letters.row(id)).filter((row): row is EmailRow => row !== undefined)
    const deed: Deed = {
      label,
      undo: async () => {
        for (const back of inverse(patch, before)) await this.letters.change(back)
      },
    }
    if (!quiet) {
      this.undoStack.did(deed)
      this.toasts.show(label, { action: { label: t('undo'), run: () => void this.undo(deed) } })
    }
    try {
      await this.letters.change(patch)
    } catch (error) {
      this.undoStack.forget(deed)
      this.tell(error)
    }
  }

  async undo(deed?: Deed): Promise<void> {
    try {
      const label = await this.undoStack.undo(deed)
      if (label !== null) this.toasts.show(t('undone', { what: label }))
    } catch (error) {
      this.tell(error)
    }
  }

  moveTo(ids: readonly Id[], target: Mailbox): Promise<void> {
    const mailboxes: Record<Id, boolean> = {}
    for (const id of ids) for (const box of Object.keys(this.letters.row(id)?.mailboxIds ?? {})) mailboxes[box] = false
    mailboxes[target.id] = true
    return this.change({ ids, mailboxes }, t('moved', { count: ids.length, folder: target.name }))
  }
  moveToRole(ids: readonly Id[], role: 'archive' | 'trash' | 'junk' | 'inbox'): Promise<void> {
    const target = this.mailboxes.byRole(role)
    if (target === undefined) {
      this.toasts.show(t('noFolder', { role }), { kind: 'trouble' })
      return Promise.resolve()
    }
    return this.moveTo(ids, target)
  }
  setKeyword(ids: readonly Id[], keyword: string, on: boolean, label: Key | null): Promise<void> {
    return this.change({ ids, keywords: { [keyword]: on } }, label === null ? '' : t(label, { count: ids.length }), label === null)
  }

  tell(error: unknown): void {
    if (error instanceof JmapError && error.trouble === 'signed-out') {
      this.signedOut = true
      return
    }
    if (error instanceof JmapError && error.trouble === 'aborted') return
    const words = error instanceof JmapError && error.trouble === 'offline' ? t('offline') : error instanceof Error ? error.message : String(error)
    this.toasts.show(words, { kind: 'trouble' })
  }
}

const key = Symbol('agent')
export const provideAgent = (agent: Agent): Agent => setContext(key, agent)
export const useAgent = (): Agent => getContext<Agent>(key)
