// A list that is known in parts, brought up to what the server says has changed (RFC 8620 §5.6): first what left, then
// what came, from the lowest index up.

import type { Id, QueryChangesResponse } from '../jmap/types'

export type Sparse = (Id | undefined)[]

export function spliced(known: Sparse, { removed, added }: Pick<QueryChangesResponse, 'removed' | 'added'>, total: number): Sparse {
  const ids = known.slice()
  const unseen = removed.filter((id) => {
    const at = ids.indexOf(id)
    if (at >= 0) ids.splice(at, 1)
    return at < 0
  })
  // What left unseen may have stood in any hole: behind the first, no place is sure any more.
  if (unseen.length > 0) {
    const hole = ids.findIndex((id) => id === undefined)
    if (hole >= 0) ids.length = hole
  }
  for (const { id, index } of added) {
    if (index > ids.length) ids.length = index
    ids.splice(index, 0, id)
  }
  ids.length = total
  return ids
}
