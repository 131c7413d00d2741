// A change of letters that we show before the server has it: so many keys on so many letters. Patches are laid over what
// the server told, and dropped when the server tells the same.

import type { EmailRow, Id } from '../jmap/types'

export interface Patch {
  ids: readonly Id[]
  /** `true` sets the keyword, `false` takes it away. */
  keywords?: Record<string, boolean>
  mailboxes?: Record<Id, boolean>
}

export function patched(row: EmailRow, patches: readonly Patch[]): EmailRow {
  let result = row
  for (const patch of patches) {
    if (!patch.ids.includes(row.id)) continue
    result = { ...result, keywords: merged(result.keywords, patch.keywords), mailboxIds: merged(result.mailboxIds, patch.mailboxes) }
  }
  return result
}

function merged(base: Record<string, true>, edits: Record<string, boolean> | undefined): Record<string, true> {
  if (edits === undefined) return base
  const next = { ...base }
  for (const [key, on] of Object.entries(edits)) {
    if (on) next[key] = true
    else delete next[key]
  }
  return next
}

/** For Email/set: a patch object a letter (RFC 8620 §5.3). */
export function asUpdate(patch: Patch): Record<Id, Record<string, true | null>> {
  const paths: Record<string, true | null> = {}
  for (const [keyword, on] of Object.entries(patch.keywords ?? {})) paths[`keywords/${escapePath(keyword)}`] = on ? true : null
  for (const [mailbox, on] of Object.entries(patch.mailboxes ?? {})) paths[`mailboxIds/${mailbox}`] = on ? true : null
  return Object.fromEntries(patch.ids.map((id) => [id, paths]))
}

const escapePath = (name: string): string => name.replace(/~/g, '~0').replace(/\//g, '~1')

/** What takes the patch back from these letters, as they were before: letters that already were as wanted stay so. */
export function inverse(patch: Patch, before: readonly EmailRow[]): Patch[] {
  const groups = new Map<string, Patch & { ids: Id[] }>()
  for (const row of before) {
    const keywords = changedBack(patch.keywords, row.keywords)
    const mailboxes = changedBack(patch.mailboxes, row.mailboxIds)
    if (keywords === undefined && mailboxes === undefined) continue
    const key = JSON.stringify([keywords, mailboxes])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { ids: [row.id], ...(keywords && { keywords }), ...(mailboxes && { mailboxes }) })
    else group.ids.push(row.id)
  }
  return [...groups.values()]
}

function changedBack(edits: Record<string, boolean> | undefined, base: Record<string, true>): Record<string, boolean> | undefined {
  const back = Object.entries(edits ?? {}).filter(([key, on]) => on !== key in base)
  return back.length === 0 ? undefined : Object.fromEntries(back.map(([key, on]) => [key, !on]))
}
