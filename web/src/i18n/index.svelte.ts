// Words of the agent, in English and Korean. A key that one of them lacks is an error of the compiler.

import en from './en.json'
import ko from './ko.json'

export type Key = keyof typeof en
export type Language = 'en' | 'ko'
type Values = Record<string, string | number>

const texts: Record<Language, Record<Key, string>> = { en, ko }
const stored = localStorage.getItem('language')

export const language = $state<{ now: Language }>({
  now: stored === 'en' || stored === 'ko' ? stored : navigator.language.startsWith('ko') ? 'ko' : 'en',
})

export function setLanguage(next: Language): void {
  language.now = next
  localStorage.setItem('language', next)
  document.documentElement.lang = next
}

/** `{name}` is replaced; `{count|one letter|# letters}` follows the number; `{name|이/가}` takes the particle that the name asks for. */
export function t(key: Key, values: Values = {}): string {
  return texts[language.now][key].replace(/\{(\w+)(?:\|([^}]*))?\}/g, (_, name: string, choice: string | undefined) => {
    const value = values[name] ?? ''
    if (choice === undefined) return typeof value === 'number' ? value.toLocaleString(language.now) : value
    const [first = '', second = ''] = choice.split(/[|/]/)
    if (typeof value === 'number') return (value === 1 ? first : second || first).replace('#', value.toLocaleString(language.now))
    return value + (endsWithConsonant(value) ? first : second)
  })
}

/** Korean particles depend on whether the word before them ends with a consonant. */
function endsWithConsonant(word: string): boolean {
  const code = word.charCodeAt(word.length - 1)
  if (code >= 0xac00 && code <= 0xd7a3) return (code - 0xac00) % 28 !== 0
  return /[013678lmnr]$/i.test(word) // as read aloud
}

const formats = {
  time: { hour: 'numeric', minute: '2-digit' },
  exact: { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false },
  day: { month: 'short', day: 'numeric' },
  year: { year: 'numeric', month: 'numeric', day: 'numeric' },
  full: { dateStyle: 'full', timeStyle: 'short' },
} satisfies Record<string, Intl.DateTimeFormatOptions>

const made = new Map<string, Intl.DateTimeFormat>()
export function formatDate(date: Date, format: keyof typeof formats): string {
  const key = `${language.now} ${format}`
  let formatter = made.get(key)
  if (formatter === undefined) made.set(key, (formatter = new Intl.DateTimeFormat(language.now, formats[format])))
  return formatter.format(date)
}

/** As short as a list wants it: the time today, the day this year, the date before that. */
export function formatWhen(date: Date, now = new Date()): string {
  if (date.toDateString() === now.toDateString()) return formatDate(date, 'time')
  return formatDate(date, date.getFullYear() === now.getFullYear() ? 'day' : 'year')
}

export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = -1
  do {
    value /= 1000
    ++unit
  } while (value >= 999.5 && unit < units.length - 1)
  return `${value.toLocaleString(language.now, { maximumFractionDigits: value < 10 ? 1 : 0 })} ${units[unit] ?? ''}`
}
