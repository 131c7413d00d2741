// @vitest-environment happy-dom
// What a letter's HTML may do is tried in a real browser (e2e/hostile.spec.ts); here is what needs none.
import { expect, test } from 'vitest'
import { textAsHtml } from './sanitise'

test('text alone', () => {
  expect(textAsHtml('a < b\n> q\n>> r\nhttps://x.example/a?b=1&c=2, or me@x.kr.')).toBe(
    '<div class="plain">a &lt; b\n<blockquote>q\n<blockquote>r\n</blockquote></blockquote>' +
      '<a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>, or <a href="mailto:me@x.kr">me@x.kr</a>.\n</div>',
  )
})
