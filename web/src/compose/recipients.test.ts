import { describe, expect, test } from 'vitest'
import type { Address } from '../jmap/types'
import { answerSubject, formatAddress, parseAddresses, referencesOf, replyTo } from './recipients'

const at = (...emails: string[]): Address[] => emails.map((email) => ({ name: null, email }))
const emails = (list: Address[]): string[] => list.map(({ email }) => email)
const none = { from: null, to: null, cc: null, replyTo: null }
const mine = ['alice@alice.kr', 'Sales@alice.kr']

describe('who gets the answer', () => {
  test.each([
    ['the sender', { ...none, from: at('bob@x.org'), to: at('alice@alice.kr') }, false, ['bob@x.org'], []],
    ['Reply-To before From', { ...none, from: at('bob@x.org'), replyTo: at('desk@x.org') }, false, ['desk@x.org'], []],
    ['to a letter of mine: its recipients', { ...none, from: at('alice@alice.kr'), to: at('bob@x.org'), cc: at('c@x.org') }, false, ['bob@x.org'], []],
    ['all, but not me', { ...none, from: at('bob@x.org'), to: at('ALICE@alice.kr', 'd@x.org'), cc: at('sales@alice.kr', 'e@x.org') }, true, ['bob@x.org'], ['d@x.org', 'e@x.org']],
    ['all, nobody twice', { ...none, from: at('bob@x.org'), to: at('Bob@x.org', 'd@x.org'), cc: at('D@x.org') }, true, ['bob@x.org'], ['d@x.org']],
    ['all of mine: to stays to, cc stays cc', { ...none, from: at('alice@alice.kr'), to: at('b@x.org'), cc: at('c@x.org') }, true, ['b@x.org'], ['c@x.org']],
    ['a letter to myself alone', { ...none, from: at('alice@alice.kr'), to: at('alice@alice.kr') }, false, ['alice@alice.kr'], []],
  ])('%s', (_, letter, all, to, cc) => {
    const recipients = replyTo(letter, mine, all)
    expect([emails(recipients.to), emails(recipients.cc)]).toEqual([to, cc])
  })
})

test.each([
  ['Report', 'reply', 'Re: Report'],
  ['RE: Report', 'reply', 'RE: Report'],
  ['답장: 보고', 'reply', '답장: 보고'],
  [null, 'reply', 'Re:'],
  ['Report', 'forward', 'Fwd: Report'],
] as const)('subject of %s', (subject, kind, want) => expect(answerSubject(subject, kind)).toBe(want))

test('references keep the root and the end', () => {
  const long = Array.from({ length: 40 }, (_, i) => `<${i}@x>`)
  const kept = referencesOf({ messageId: ['<me@x>'], references: long, inReplyTo: null })
  expect(kept).toHaveLength(20)
  expect([kept[0], kept.at(-1)]).toEqual(['<0@x>', '<me@x>'])
})

test.each([
  ['a@b.c', ['a@b.c'], ''],
  ['a@b.c, d@e.f; g@h.i\nj@k.l m@n.o', ['a@b.c', 'd@e.f', 'g@h.i', 'j@k.l', 'm@n.o'], ''],
  ['"Kim, Min" <kim@x.kr>, 박민수 <park@예시.한국>', ['"Kim, Min" <kim@x.kr>', '박민수 <park@예시.한국>'], ''],
  ['bob, a@b.c', ['a@b.c'], 'bob'],
  ['Bob Lee', [], 'Bob Lee'],
])('typed: %s', (text, found, rest) => {
  const parsed = parseAddresses(text)
  expect([parsed.found.map(formatAddress), parsed.rest]).toEqual([found, rest])
})
