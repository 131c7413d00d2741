// Which letters of a list are chosen.

import { SvelteSet } from 'svelte/reactivity'
import type { Id } from '../jmap/types'

export class Selection {
  private readonly chosen = new SvelteSet<Id>()
  private anchor = -1

  get size(): number {
    return this.chosen.size
  }
  get ids(): Id[] {
    return [...this.chosen]
  }
  has(id: Id): boolean {
    return this.chosen.has(id)
  }
  toggle(at: number, id: Id): void {
    this.anchor = at
    if (!this.chosen.delete(id)) this.chosen.add(id)
  }
  /** From where one began; positions whose letters are not known here are passed over. */
  extendTo(at: number, ids: readonly (Id | undefined)[]): void {
    const [from, to] = this.anchor < 0 ? [at, at] : [Math.min(this.anchor, at), Math.max(this.anchor, at)]
    for (const id of ids.slice(from, to + 1)) if (id !== undefined) this.chosen.add(id)
    if (this.anchor < 0) this.anchor = at
  }
  set(ids: readonly Id[]): void {
    this.clear()
    for (const id of ids) this.chosen.add(id)
  }
  clear(): void {
    this.chosen.clear()
    this.anchor = -1
  }
}
