// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { textOfNode } from './draft.svelte'

test.each([
  ['<div>Hello</div><div>Bob</div>', 'Hello\nBob\n'],
  ['<div>a<br>b</div>', 'a\nb\n'],
  ['<div>hi</div><blockquote>one<br>two</blockquote>', 'hi\n> one\n> two\n'],
  ['<blockquote>a<blockquote>b</blockquote></blockquote>', '> a\n>> b\n'],
  ['<ul><li>x</li><li>y</li></ul>', '- x\n- y\n'],
  ['<ol><li>x</li><li>y</li></ol>', '1. x\n2. y\n'],
  ['see <a href="https://x.example/">here</a>', 'see here <https://x.example/>\n'],
  ['<div><br></div>', ''],
])('%s', (html, text) => expect(textOfNode(new DOMParser().parseFromString(html, 'text/html').body)).toBe(text))
