// A letter's HTML made harmless before it goes into its frame. The frame's policy holds without this, and this without
// the frame: neither relies on the other.

import DOMPurify from 'dompurify'

export interface Clean {
  html: string
  /** Pictures from elsewhere that were taken out, because they tell the sender that the letter was read. */
  blocked: number
}
export interface CleanOptions {
  /** Where a picture of the letter itself is to be had; null: there is none of that Content-ID. */
  inline: (contentId: string) => string | null
  /** Where a picture from elsewhere comes from, if the reader wants them: our own server fetches it. */
  remote: ((url: string) => string) | null
}

const forbiddenStyle = /@import|expression\s*\(|behavior\s*:|-moz-binding|position\s*:\s*(fixed|sticky)/i
const stylesheetUrl = /url\(\s*(['"]?)(.*?)\1\s*\)/gi

export function sanitise(html: string, options: CleanOptions): Clean {
  const purify = DOMPurify(window)
  let blocked = 0

  const picture = (url: string): string | null => {
    if (/^cid:/i.test(url)) return options.inline(decode(url.slice(4)))
    if (/^data:image\/(png|jpeg|gif|webp|avif|bmp);/i.test(url)) return url
    if (/^(https?:)?\/\//i.test(url)) {
      if (options.remote !== null) return options.remote(url.startsWith('//') ? `https:${url}` : url)
      ++blocked
    }
    return null
  }
  const style = (css: string): string =>
    forbiddenStyle.test(css)
      ? ''
      : css.replace(stylesheetUrl, (_, __, url: string) => {
          const safe = picture(url.trim())
          return safe === null ? 'none' : `url("${safe.replace(/["\\\n]/g, encodeURIComponent)}")`
        })

  purify.addHook('uponSanitizeElement', (node) => {
    if (node.nodeName === 'STYLE') node.textContent = style(node.textContent ?? '')
  })
  purify.addHook('afterSanitizeAttributes', (node) => {
    for (const name of ['src', 'background', 'poster']) {
      const url = node.getAttribute(name)
      if (url === null) continue
      const safe = picture(url.trim())
      if (safe === null) node.removeAttribute(name)
      else node.setAttribute(name, safe)
    }
    node.removeAttribute('srcset')
    const inlineStyle = node.getAttribute('style')
    if (inlineStyle !== null) node.setAttribute('style', style(inlineStyle))
    const href = node.getAttribute('href')
    if (href !== null && !/^(https?:|mailto:|tel:|#)/i.test(href.trim())) node.removeAttribute('href')
  })
  const clean = purify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ['form', 'input', 'button', 'select', 'textarea', 'meta', 'base', 'link', 'iframe', 'object', 'embed', 'audio', 'video', 'source', 'template', 'dialog'],
    FORBID_ATTR: ['id', 'name', 'action', 'formaction', 'ping', 'autofocus', 'contenteditable', 'popover', 'target'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    FORCE_BODY: true, // a style in front is kept
    ADD_URI_SAFE_ATTR: ['background'],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|cid:|data:image\/|\/\/|#)/i,
  })
  return { html: clean, blocked }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (c) => escapes[c] ?? c)

/** Text alone: links can be followed, and what is quoted stands apart. */
export function textAsHtml(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  let html = ''
  let depth = 0
  for (const line of lines) {
    const quote = /^(?:>\s?)+/.exec(line)?.[0] ?? ''
    const level = Math.min((quote.match(/>/g) ?? []).length, 8)
    while (depth < level) (html += '<blockquote>'), ++depth
    while (depth > level) (html += '</blockquote>'), --depth
    html += `${linked(line.slice(quote.length))}\n`
  }
  return `<div class="plain">${html}${'</blockquote>'.repeat(depth)}</div>`
}

const linkPattern = /\b(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]|[^\s<>"'@()]+@[\p{L}\p{N}.-]+\.\p{L}{2,})/giu

function linked(line: string): string {
  let html = ''
  let end = 0
  for (const match of line.matchAll(linkPattern)) {
    const url = match[0]
    html += escapeHtml(line.slice(end, match.index))
    html += `<a href="${escapeHtml(/^https?:/i.test(url) ? url : `mailto:${url}`)}">${escapeHtml(url)}</a>`
    end = match.index + url.length
  }
  return html + escapeHtml(line.slice(end))
}
