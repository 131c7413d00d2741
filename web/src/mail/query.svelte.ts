// The letters of a list, known in parts: a position may be scrolled to before anything near it has come.

import type { JmapClient } from '../jmap/client'
import type { EmailRow, Filter, GetResponse, Id, QueryChangesResponse, QueryResponse, Sort } from '../jmap/types'
import { rowProperties, type Letters } from './letters.svelte'
import { spliced } from './splice'

const pageSize = 50
/** So many positions are remembered of one list; of more, those that are far from the reader are forgotten. */
const keepPositions = 5000

export class ListQuery {
  total = $state(0)
  loaded = $state(false)
  /** By position; holes have not come yet. */
  ids: (Id | undefined)[] = $state.raw([])

  private queryState = ''
  private readonly asked = new Set<number>() // pages under way
  private abort = new AbortController()

  constructor(
    private readonly client: JmapClient,
    private readonly letters: Letters,
    readonly filter: Filter | null,
    private readonly onTrouble: (error: unknown) => void,
    readonly sort: Sort[] = [{ property: 'receivedAt', isAscending: false }],
    readonly collapseThreads = true,
  ) {}

  private get arguments(): Record<string, unknown> {
    return { filter: this.filter, sort: this.sort, collapseThreads: this.collapseThreads }
  }

  /** Brings what is missing of [from, to). */
  ensure(from: number, to: number): void {
    const last = this.loaded ? Math.min(to, this.total) : to
    for (let page = Math.floor(from / pageSize); page * pageSize < last; ++page) {
      if (this.asked.has(page) || this.isComplete(page)) continue
      this.asked.add(page)
      this.load(page)
        .catch(this.onTrouble)
        .finally(() => this.asked.delete(page))
    }
  }

  private isComplete(page: number): boolean {
    const end = Math.min((page + 1) * pageSize, this.total)
    if (!this.loaded) return false
    for (let at = page * pageSize; at < end; ++at) if (this.ids[at] === undefined) return false
    return true
  }

  private async load(page: number): Promise<void> {
    const batch = this.client.batch()
    const position = page * pageSize
    const query = batch.call<QueryResponse>('Email/query', { ...this.arguments, position, limit: pageSize, calculateTotal: true })
    const get = batch.call<GetResponse<EmailRow>>('Email/get', { '#ids': query.ref('/ids'), properties: rowProperties })
    await batch.send(this.abort.signal)
    const [found, rows] = await Promise.all([query.answer, get.answer])
    // A page that was told under another state would not fit to the others.
    if (this.queryState !== '' && this.queryState !== found.queryState) {
      await this.refresh()
      return
    }
    this.queryState = found.queryState
    this.letters.told(rows)
    this.total = found.total ?? found.position + found.ids.length
    const ids = this.ids.slice()
    ids.length = this.total
    found.ids.forEach((id, offset) => (ids[found.position + offset] = id))
    this.ids = this.trimmed(ids, position)
    this.loaded = true
  }

  private trimmed(ids: (Id | undefined)[], around: number): (Id | undefined)[] {
    if (ids.length <= keepPositions) return ids
    for (const at of Object.keys(ids)) if (Math.abs(Number(at) - around) > keepPositions / 2) delete ids[Number(at)]
    return ids
  }

  /** The server's state went on: brings the list up to it, so that what is on the screen stays where it is. */
  async refresh(): Promise<void> {
    if (!this.loaded) return
    try {
      const changes = await this.client.call<QueryChangesResponse>('Email/queryChanges', {
        ...this.arguments,
        sinceQueryState: this.queryState,
        maxChanges: 500,
        calculateTotal: true,
      })
      this.apply(changes)
    } catch {
      // Too much has changed, or the server can't tell: what is known is dropped, and what is looked at comes anew.
      this.queryState = ''
      this.ids = []
      this.loaded = false
    }
  }

  private apply(changes: QueryChangesResponse): void {
    const { newQueryState, removed, added } = changes
    this.queryState = newQueryState
    if (removed.length === 0 && added.length === 0) return
    this.total = changes.total ?? this.total + added.length - removed.length
    this.ids = spliced(this.ids, changes, this.total)
    this.letters.need(added.map(({ id }) => id)).catch(this.onTrouble)
  }

  /** Nobody looks any more. */
  close(): void {
    this.abort.abort()
    this.abort = new AbortController()
  }
}
