import { expect, test } from 'vitest'
import type { Mailbox } from '../jmap/types'
import { parseSearch } from './query'

const mailboxes = [
  { id: 'm1', name: 'Inbox', role: 'inbox' },
  { id: 'm2', name: '영수증', role: null },
] as Mailbox[]

test.each([
  ['견적', { text: '견적' }],
  ['"세 번째 줄" from:kim', { operator: 'AND', conditions: [{ text: '세 번째 줄' }, { from: 'kim' }] }],
  ['from:"Kim Min"', { from: 'Kim Min' }],
  ['is:unread has:file', { operator: 'AND', conditions: [{ notKeyword: '$seen' }, { hasAttachment: true }] }],
  ['-from:github', { operator: 'NOT', conditions: [{ from: 'github' }] }],
  ['in:영수증', { inMailbox: 'm2' }],
  ['in:INBOX', { inMailbox: 'm1' }],
  ['larger:2M', { minSize: 2_000_000 }],
  ['smaller:1.5k', { maxSize: 1500 }],
  ['from:a OR from:b', { operator: 'OR', conditions: [{ from: 'a' }, { from: 'b' }] }],
  ['x OR y OR z w', { operator: 'AND', conditions: [{ operator: 'OR', conditions: [{ text: 'x' }, { text: 'y' }, { text: 'z' }] }, { text: 'w' }] }],
  ['OR', { text: 'OR' }],
  ['', null],
])('%s', (typed, filter) => {
  expect(parseSearch(typed, mailboxes).filter).toEqual(filter)
})

test('a date is a day of the reader', () => {
  const day = new Date(2026, 8, 3).toISOString().replace(/\.\d+Z$/, 'Z')
  expect(parseSearch('after:2026-09-03', mailboxes).filter).toEqual({ after: day })
})

test('what makes no sense is searched as it was typed, and told', () => {
  const search = parseSearch('foo:bar in:nowhere https://example.org', mailboxes)
  expect(search.doubts).toEqual(['foo:bar', 'in:nowhere', 'https://example.org'])
  expect(search.filter).toEqual({ operator: 'AND', conditions: [{ text: 'foo:bar' }, { text: 'in:nowhere' }, { text: 'https://example.org' }] })
})

test('words to mark', () => {
  expect(parseSearch('견적 subject:report -body:draft is:read', mailboxes).words).toEqual(['견적', 'report'])
})
