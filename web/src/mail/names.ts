import type { Address } from '../jmap/types'

export const nameOf = ({ name, email }: Address): string => name?.trim() || email

/** Two letters, or one of a script that writes syllables. */
export function initialsOf(address: Address | undefined): string {
  if (address === undefined) return '?'
  const words = nameOf(address).replace(/@.*/, '').split(/[\s._-]+/u).filter(Boolean)
  const first = [...(words[0] ?? '?')][0] ?? '?'
  if (/[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u.test(first)) return first
  const second = words.length > 1 ? [...(words.at(-1) ?? '')][0] : [...(words[0] ?? '')][1]
  return (first + (second ?? '')).toUpperCase()
}
