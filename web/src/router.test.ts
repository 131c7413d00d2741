// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { parsePlace, urlOf, type Place } from './router.svelte'

test.each<Place>([
  { screen: 'mail', box: 'inbox', thread: null },
  { screen: 'mail', box: 'm/2 ü', thread: 't9' },
  { screen: 'search', text: 'from:김 "a b"', thread: null },
  { screen: 'search', text: 'x', thread: 't1' },
  { screen: 'journey', id: 'j1' },
  { screen: 'admin', page: 'domains', name: 'alice.kr' },
])('%o', (place) => expect(parsePlace(new URL(urlOf(place), 'https://mail.example'))).toEqual(place))

test('an address of nothing is the inbox', () => {
  expect(parsePlace(new URL('https://mail.example/'))).toEqual({ screen: 'mail', box: 'inbox', thread: null })
})
