// Every letter that this page knows, once, however many lists show it; with what we changed and the server has not told yet.

import { SvelteMap } from 'svelte/reactivity'
import type { JmapClient } from '../jmap/client'
import type { ChangesResponse, EmailBody, EmailRow, GetResponse, Id, SetResponse } from '../jmap/types'
import { asUpdate, patched, type Patch } from './patch'

export const rowProperties = [
  'id', 'threadId', 'mailboxIds', 'keywords', 'receivedAt', 'size', 'from', 'to', 'subject', 'preview', 'hasAttachment',
] as const
const bodyProperties = [
  'id', 'blobId', 'messageId', 'inReplyTo', 'references', 'sentAt', 'cc', 'bcc', 'replyTo', 'textBody', 'htmlBody', 'attachments', 'bodyValues',
] as const

/** One Email/set takes no more letters than this. */
const mostInSet = 500
const keepRows = 5000
const keepBodies = 100 // of at most a megabyte each

export class Letters {
  private readonly rows = new SvelteMap<Id, EmailRow>()
  private readonly bodies = new SvelteMap<Id, EmailBody>()
  private readonly loadingBodies = new Map<Id, Promise<void>>()
  private patches: readonly Patch[] = $state.raw([])
  private state = ''

  constructor(private readonly client: JmapClient) {}

  /** As it is to be shown. */
  row(id: Id): EmailRow | undefined {
    const row = this.rows.get(id)
    return row && patched(row, this.patches)
  }
  body(id: Id): EmailBody | undefined {
    return this.bodies.get(id)
  }

  told({ list, notFound, state }: GetResponse<EmailRow>): void {
    if (this.state === '') this.state = state
    for (const row of list) {
      this.rows.delete(row.id) // the youngest stand last
      this.rows.set(row.id, row)
    }
    for (const id of notFound) this.rows.delete(id)
    forgetOldest(this.rows, keepRows)
  }

  async need(ids: readonly Id[]): Promise<void> {
    const missing = ids.filter((id) => !this.rows.has(id))
    if (missing.length === 0) return
    this.told(await this.client.call<GetResponse<EmailRow>>('Email/get', { ids: missing.slice(0, mostInSet), properties: rowProperties }))
  }

  /** The text of letters, for who reads them now or next. */
  async needBodies(ids: readonly Id[]): Promise<void> {
    const missing = ids.filter((id) => !this.bodies.has(id) && !this.loadingBodies.has(id))
    if (missing.length > 0) {
      const loading = this.loadBodies(missing)
      for (const id of missing) this.loadingBodies.set(id, loading)
      void loading.finally(() => missing.forEach((id) => this.loadingBodies.delete(id))).catch(() => undefined)
    }
    await Promise.all(ids.map((id) => this.loadingBodies.get(id)))
  }

  private async loadBodies(ids: Id[]): Promise<void> {
    const { list } = await this.client.call<GetResponse<EmailBody>>('Email/get', {
      ids,
      properties: bodyProperties,
      fetchTextBodyValues: true,
      fetchHTMLBodyValues: true,
      maxBodyValueBytes: 1_000_000,
    })
    for (const body of list) this.bodies.set(body.id, body)
    forgetOldest(this.bodies, keepBodies)
  }

  /** Shows the change at once, then makes it. Fails, and shows what was, if the server does not want it. */
  async change(patch: Patch): Promise<void> {
    this.patches = [...this.patches, patch]
    try {
      for (let at = 0; at < patch.ids.length; at += mostInSet) {
        const update = asUpdate({ ...patch, ids: patch.ids.slice(at, at + mostInSet) })
        const { notUpdated } = await this.client.call<SetResponse>('Email/set', { update })
        const refused = Object.values(notUpdated ?? {}).find(({ type }) => type !== 'notFound')
        if (refused !== undefined) throw new Error(refused.description ?? refused.type)
      }
      await this.catchUp()
    } finally {
      this.patches = this.patches.filter((other) => other !== patch)
    }
  }

  /** Brings all that is known here to the server's state. */
  async catchUp(): Promise<void> {
    while (this.state !== '') {
      const batch = this.client.batch()
      const changes = batch.call<ChangesResponse>('Email/changes', { sinceState: this.state, maxChanges: mostInSet })
      const updated = batch.call<GetResponse<EmailRow>>('Email/get', { '#ids': changes.ref('/updated'), properties: rowProperties })
      await batch.send()
      try {
        const { newState, hasMoreChanges, destroyed } = await changes.answer
        const { list } = await updated.answer
        for (const row of list) if (this.rows.has(row.id)) this.rows.set(row.id, row)
        for (const id of destroyed) this.rows.delete(id)
        this.state = newState
        if (!hasMoreChanges) return
      } catch {
        // cannotCalculateChanges: what is looked at comes anew.
        this.state = ''
        this.rows.clear()
        return
      }
    }
  }
}

function forgetOldest<K, V>(map: Map<K, V>, keep: number): void {
  const excess = map.size - keep
  if (excess <= 0) return
  for (const key of [...map.keys()].slice(0, excess)) map.delete(key)
}
