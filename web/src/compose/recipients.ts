// Who gets an answer: the rules that people expect, and the ones that they only notice when they fail.

import type { Address } from '../jmap/types'

export interface Answered {
  from: Address[] | null
  to: Address[] | null
  cc: Address[] | null
  replyTo: Address[] | null
}
export interface Recipients {
  to: Address[]
  cc: Address[]
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function distinct(addresses: Address[], not: readonly string[] = []): Address[] {
  const seen = [...not]
  return addresses.filter(({ email }) => {
    if (email === '' || seen.some((known) => same(known, email))) return false
    seen.push(email)
    return true
  })
}

/** `mine`: all addresses of the account. */
export function replyTo(letter: Answered, mine: readonly string[], all: boolean): Recipients {
  const isMine = (address: Address): boolean => mine.some((own) => same(own, address.email))
  const from = letter.from ?? []
  // An answer to what I wrote goes where that went, not to me.
  const wroteIt = from.length > 0 && from.every(isMine)
  const to = distinct(wroteIt ? (letter.to ?? []) : letter.replyTo?.length ? letter.replyTo : from)
  if (!all) return { to: to.length > 0 ? to : from, cc: [] }
  const others = wroteIt ? (letter.cc ?? []) : [...(letter.to ?? []), ...(letter.cc ?? [])]
  return { to, cc: distinct(others, [...mine, ...to.map(({ email }) => email)]) }
}

export function answerSubject(subject: string | null, kind: 'reply' | 'forward'): string {
  const base = (subject ?? '').trim()
  if (kind === 'reply') return /^(re|답장)\s*:/i.test(base) ? base : `Re: ${base}`.trim()
  return /^(fwd?|전달)\s*:/i.test(base) ? base : `Fwd: ${base}`.trim()
}

/** RFC 5322 §3.6.4. A thread of hundreds keeps its root and its end. */
export function referencesOf(letter: { messageId: string[] | null; references: string[] | null; inReplyTo: string[] | null }): string[] {
  const before = letter.references ?? (letter.inReplyTo?.length === 1 ? letter.inReplyTo : [])
  const all = [...before, ...(letter.messageId ?? [])]
  return all.length <= 20 ? all : [...all.slice(0, 1), ...all.slice(-19)]
}

const addressPattern = /^[^\s@<>(),;:"[\]\\]+@[^\s@<>(),;:"[\]\\]+$/u

/** What was typed or pasted: `a@b.c, "Kim, Min" <kim@x.kr>; c@d.e`. What is no address comes back as it was typed. */
export function parseAddresses(text: string): { found: Address[]; rest: string } {
  const found: Address[] = []
  const rest: string[] = []
  for (const part of splitList(text)) {
    const match = /^(.*?)<([^<>]*)>$/s.exec(part)
    const email = (match?.[2] ?? part).trim()
    const name = (match?.[1] ?? '').trim().replace(/^"(.*)"$/s, '$1').replace(/\\(.)/g, '$1')
    if (addressPattern.test(email)) found.push({ name: name === '' ? null : name, email })
    else rest.push(part)
  }
  return { found, rest: rest.join(', ') }
}

function splitList(text: string): string[] {
  const parts: string[] = []
  let quoted = false
  let angle = false
  let part = ''
  for (const c of text) {
    if (c === '"') quoted = !quoted
    if (!quoted && (c === '<' || c === '>')) angle = c === '<'
    if (!quoted && !angle && /[,;\n\t]/.test(c)) {
      parts.push(part.trim())
      part = ''
    } else part += c
  }
  parts.push(part.trim())
  // Addresses alone may be parted by blanks.
  return parts.flatMap((piece) => (/[<"]/.test(piece) || !piece.split(/\s+/).every((word) => addressPattern.test(word)) ? [piece] : piece.split(/\s+/))).filter((piece) => piece !== '')
}

export function formatAddress({ name, email }: Address): string {
  if (name === null || name === '') return email
  return /[",;:<>@()[\]\\.]/.test(name) ? `"${name.replace(/(["\\])/g, '\\$1')}" <${email}>` : `${name} <${email}>`
}
