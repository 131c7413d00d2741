import { expect, test } from 'vitest'
import { spliced, type Sparse } from './splice'

const hole = undefined

test.each<[string, Sparse, string[], [string, number][], Sparse]>([
  ['a letter comes', ['a', 'b'], [], [['n', 0]], ['n', 'a', 'b']],
  ['a letter goes', ['a', 'b', 'c'], ['b'], [], ['a', 'c']],
  ['one moves', ['a', 'b', 'c'], ['c'], [['c', 0]], ['c', 'a', 'b']],
  ['far down nothing is lost when one comes', ['a', hole, hole, 'x'], [], [['n', 0]], ['n', 'a', hole, hole, 'x']],
  ['one that was never seen goes', ['a', hole, hole, 'x'], ['u'], [], ['a', hole, hole]],
  ['one that was never seen goes, and all is known', ['a', 'b'], ['u'], [], ['a', 'b']],
  ['one comes where nothing is known', ['a'], [], [['n', 3]], ['a', hole, hole, 'n']],
])('%s', (_, known, removed, added, want) => {
  const got = spliced(known, { removed, added: added.map(([id, index]) => ({ id, index })) }, want.length)
  expect(Array.from(got)).toEqual(want)
})
