import { expect, test } from 'vitest'
import type { EmailRow } from '../jmap/types'
import { asUpdate, inverse, patched } from './patch'

const row = (id: string, keywords: string[] = [], mailboxes: string[] = ['inbox']): EmailRow =>
  ({ id, keywords: Object.fromEntries(keywords.map((k) => [k, true])), mailboxIds: Object.fromEntries(mailboxes.map((m) => [m, true])) }) as EmailRow

test('patches are laid over each other in order, on their letters alone', () => {
  const patches = [
    { ids: ['a'], keywords: { $seen: true } },
    { ids: ['a', 'b'], mailboxes: { inbox: false, trash: true } },
    { ids: ['a'], keywords: { $seen: false, $flagged: true } },
  ]
  expect(patched(row('a'), patches)).toEqual(row('a', ['$flagged'], ['trash']))
  expect(patched(row('b', ['$seen']), patches)).toEqual(row('b', ['$seen'], ['trash']))
  const untouched = row('c')
  expect(patched(untouched, patches)).toBe(untouched)
})

test('as the server wants it', () => {
  expect(asUpdate({ ids: ['a'], keywords: { $seen: true, 'x/y~z': false }, mailboxes: { inbox: false } })).toEqual({
    a: { 'keywords/$seen': true, 'keywords/x~1y~0z': null, 'mailboxIds/inbox': null },
  })
})

test('undo restores each letter as it was', () => {
  const before = [row('a'), row('b', ['$seen']), row('c', [], ['inbox', 'work'])]
  const patch = { ids: ['a', 'b', 'c'], keywords: { $seen: true }, mailboxes: { inbox: false, trash: true } }
  const after = before.map((letter) => patched(letter, [patch]))
  const undone = after.map((letter) => patched(letter, inverse(patch, before)))
  expect(undone).toEqual(before)
})
