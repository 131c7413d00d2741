// What a person types into the search field, as a filter of JMAP. Nothing is dropped in silence: a word with a colon that
// is no operator of ours is searched as text, and the caller is told of it.

import type { Condition, Filter, Id, Mailbox } from '../jmap/types'

export interface Search {
  filter: Filter | null
  /** What is marked in the letters found. */
  words: string[]
  /** Parts that look like operators and are none, or make no sense. */
  doubts: string[]
}

interface Token {
  negated: boolean
  operator: string | null
  value: string
}

// [-][operator:]("a phrase"|word)
const tokenPattern = /(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/giu

function tokensOf(text: string): Token[] {
  return [...text.matchAll(tokenPattern)].map((match) => ({
    negated: match[1] === '-',
    operator: match[2]?.toLowerCase() ?? null,
    value: match[3] ?? match[4] ?? '',
  }))
}

type Meaning = Condition | 'no sense'

const textual = ['from', 'to', 'cc', 'bcc', 'subject', 'body'] as const
const flags: Record<string, Condition> = {
  unread: { notKeyword: '$seen' },
  read: { hasKeyword: '$seen' },
  starred: { hasKeyword: '$flagged' },
  unstarred: { notKeyword: '$flagged' },
  answered: { hasKeyword: '$answered' },
  draft: { hasKeyword: '$draft' },
}

function meaningOf(token: Token, mailboxes: readonly Mailbox[]): Meaning {
  const { operator, value } = token
  if (operator === null) return { text: value }
  if (textual.some((name) => name === operator)) return value === '' ? 'no sense' : { [operator]: value }
  switch (operator) {
    case 'is':
      return flags[value.toLowerCase()] ?? 'no sense'
    case 'has':
      return /^(file|attachment)s?$/i.test(value) ? { hasAttachment: true } : 'no sense'
    case 'in':
      return inMailbox(value, mailboxes)
    case 'larger':
      return sized(value, (bytes) => ({ minSize: bytes }))
    case 'smaller':
      return sized(value, (bytes) => ({ maxSize: bytes }))
    case 'before':
      return dated(value, (date) => ({ before: date }))
    case 'after':
      return dated(value, (date) => ({ after: date }))
    case 'list':
      return { header: ['List-Id', value] }
    case 'label':
      return { hasKeyword: value }
    default:
      return 'no sense'
  }
}

function inMailbox(name: string, mailboxes: readonly Mailbox[]): Meaning {
  const wanted = name.toLocaleLowerCase()
  const found = mailboxes.find((box) => box.role === wanted) ?? mailboxes.find((box) => box.name.toLocaleLowerCase() === wanted)
  return found === undefined ? 'no sense' : { inMailbox: found.id }
}

function sized(value: string, make: (bytes: number) => Condition): Meaning {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(value)
  if (match === null) return 'no sense'
  const unit = { '': 1, k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? '').toLowerCase()] ?? 1
  return make(Math.round(Number(match[1]) * unit))
}

// A year, a month or a day, as the reader's own calendar has it.
function dated(value: string, make: (date: string) => Condition): Meaning {
  const match = /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?$/.exec(value)
  if (match === null) return 'no sense'
  const date = new Date(Number(match[1]), Number(match[2] ?? 1) - 1, Number(match[3] ?? 1))
  return Number.isNaN(date.valueOf()) ? 'no sense' : make(date.toISOString().replace(/\.\d+Z$/, 'Z'))
}

export function parseSearch(text: string, mailboxes: readonly Mailbox[], within: Id | null = null): Search {
  const search: Search = { filter: null, words: [], doubts: [] }
  const conditions: Filter[] = within === null ? [] : [{ inMailbox: within }]
  let either: Filter[] | null = null // what OR gathers
  const tokens = tokensOf(text)
  for (const [index, token] of tokens.entries()) {
    if (token.operator === null && token.value === 'OR' && !token.negated && index > 0 && index + 1 < tokens.length) {
      const last = conditions.pop()
      either ??= []
      if (last !== undefined) either.push(last)
      continue
    }
    let condition = meaningOf(token, mailboxes)
    if (condition === 'no sense') {
      const asTyped = `${token.operator ?? ''}:${token.value}`
      search.doubts.push(asTyped)
      condition = { text: asTyped }
    }
    if (!token.negated && (token.operator === null || textual.some((name) => name === token.operator))) search.words.push(token.value)
    const meant: Filter = token.negated ? { operator: 'NOT', conditions: [condition] } : condition
    const joins = either !== null && tokens[index - 1]?.value === 'OR'
    if (joins && either !== null) {
      either.push(meant)
      const next = tokens[index + 1]
      if (next === undefined || next.value !== 'OR' || next.operator !== null) {
        conditions.push({ operator: 'OR', conditions: either })
        either = null
      }
    } else conditions.push(meant)
  }
  if (conditions.length === 1) search.filter = conditions[0] ?? null
  else if (conditions.length > 1) search.filter = { operator: 'AND', conditions }
  return search
}
