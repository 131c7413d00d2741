// The folders of the account with their counts, in the order in which they are shown.

import type { JmapClient } from '../jmap/client'
import type { ChangesResponse, GetResponse, Id, Mailbox, Role } from '../jmap/types'

const roleOrder: Role[] = ['inbox', 'flagged', 'drafts', 'sent', 'archive', 'junk', 'trash']

export class Mailboxes {
  list: Mailbox[] = $state.raw([])
  private state = ''

  constructor(private readonly client: JmapClient) {}

  byId(id: Id): Mailbox | undefined {
    return this.list.find((box) => box.id === id)
  }
  byRole(role: Role): Mailbox | undefined {
    return this.list.find((box) => box.role === role)
  }
  /** As URLs name them: by role, else by id. */
  find(name: string): Mailbox | undefined {
    return this.list.find((box) => box.role === name) ?? this.byId(name)
  }
  nameInUrl(box: Mailbox): string {
    return box.role ?? box.id
  }
  depthOf(box: Mailbox): number {
    const parent = box.parentId === null ? undefined : this.byId(box.parentId)
    return parent === undefined ? 0 : 1 + this.depthOf(parent)
  }

  async catchUp(): Promise<void> {
    if (this.state !== '') {
      const batch = this.client.batch()
      const changes = batch.call<ChangesResponse>('Mailbox/changes', { sinceState: this.state })
      const created = batch.call<GetResponse<Mailbox>>('Mailbox/get', { '#ids': changes.ref('/created') })
      const updated = batch.call<GetResponse<Mailbox>>('Mailbox/get', { '#ids': changes.ref('/updated') })
      await batch.send()
      try {
        const { newState, destroyed } = await changes.answer
        const told = [...(await created.answer).list, ...(await updated.answer).list]
        const gone = new Set([...destroyed, ...told.map(({ id }) => id)])
        this.list = sorted([...this.list.filter(({ id }) => !gone.has(id)), ...told])
        this.state = newState
        return
      } catch {
        // cannotCalculateChanges: all anew
      }
    }
    const { list, state } = await this.client.call<GetResponse<Mailbox>>('Mailbox/get', { ids: null })
    this.list = sorted(list)
    this.state = state
  }
}

function sorted(boxes: Mailbox[]): Mailbox[] {
  const rank = ({ role }: Mailbox): number => (role === null || !roleOrder.includes(role) ? roleOrder.length : roleOrder.indexOf(role))
  const before = (a: Mailbox, b: Mailbox): number => rank(a) - rank(b) || a.sortOrder - b.sortOrder || a.name.localeCompare(b.name)
  const result: Mailbox[] = []
  const below = (parent: Id | null): void => {
    for (const box of boxes.filter(({ parentId }) => parentId === parent).sort(before)) {
      result.push(box)
      below(box.id)
    }
  }
  below(null)
  return result
}
