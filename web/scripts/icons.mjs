// Makes src/ui/icons.svg: one sprite of the icons that the agent uses, from Lucide (ISC).
import { readFileSync, writeFileSync } from 'node:fs'

const names = [
  'archive', 'arrow-left', 'bold', 'check', 'chevron-down', 'chevron-right', 'circle', 'circle-alert', 'circle-check', 'circle-help', 'circle-x',
  'clock', 'copy', 'download', 'ellipsis', 'file', 'file-text', 'folder', 'forward', 'globe', 'image', 'inbox', 'italic', 'link', 'list', 'lock', 'log-out',
  'mail', 'mail-open', 'menu', 'minus', 'moon', 'octagon-alert', 'paperclip', 'pause', 'pen-line', 'printer', 'quote', 'reply', 'reply-all', 'route', 'search',
  'send', 'settings', 'shield-check', 'star', 'sun', 'tag', 'trash-2', 'triangle-alert', 'underline', 'undo-2', 'user', 'users', 'x',
]
const symbols = names.map((name) => {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, 'utf8')
  const inner = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>')).replace(/\s+/g, ' ').trim()
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`
})
writeFileSync('src/ui/icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`)
