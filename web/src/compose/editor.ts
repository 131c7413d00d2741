// Squire where Trusted Types are enforced: what it puts back at undo, its own words, has to be trusted too.

import DOMPurify from 'dompurify'
import Squire from 'squire-rte'

/** The marks by which Squire finds the selection again. */
const bookmarks = { ADD_TAGS: ['input'], ADD_ATTR: ['id', 'type'] }

class Editor extends Squire {
  override _setRawHTML(html: string): Squire {
    const trusted: unknown = DOMPurify.sanitize(html, { ...bookmarks, RETURN_TRUSTED_TYPE: true })
    return super._setRawHTML(trusted as string)
  }
}

export function makeEditor(root: HTMLElement): Squire {
  return new Editor(root, {
    blockTag: 'DIV',
    sanitizeToDOMFragment: (dirty: string) =>
      DOMPurify.sanitize(dirty, { RETURN_DOM_FRAGMENT: true, FORBID_TAGS: ['style', 'form', 'input', 'button'] }),
  })
}
