// The keyboard: Gmail's letters, told by the place of the key and not by what an input method makes of it, so that they work
// with the Korean layout too; and never while somebody composes a syllable or writes in a field.

export type Command =
  | 'next' | 'previous' | 'open' | 'back' | 'archive' | 'delete' | 'spam' | 'reply' | 'replyAll' | 'forward' | 'compose' | 'select' | 'star' | 'move'
  | 'unread' | 'read' | 'undo' | 'search' | 'help' | 'journey' | 'goInbox' | 'goSent' | 'goDrafts' | 'goStarred' | 'goArchive' | 'selectAll' | 'palette'

interface KeyPress {
  key: string
  code: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

const plain: Record<string, Command> = {
  KeyJ: 'next', KeyK: 'previous', ArrowDown: 'next', ArrowUp: 'previous', KeyO: 'open', Enter: 'open', KeyU: 'back', Escape: 'back', KeyE: 'archive',
  Delete: 'delete', KeyR: 'reply', KeyA: 'replyAll', KeyF: 'forward', KeyC: 'compose', KeyX: 'select', KeyS: 'star', KeyV: 'move', KeyZ: 'undo',
  Slash: 'search', KeyW: 'journey',
}
const shifted: Record<string, Command> = { Digit3: 'delete', Digit1: 'spam', KeyU: 'unread', KeyI: 'read', Slash: 'help', Digit8: 'selectAll' }
const afterG: Record<string, Command> = { KeyI: 'goInbox', KeyT: 'goSent', KeyD: 'goDrafts', KeyS: 'goStarred', KeyA: 'goArchive' }

/** Keeps the `g` of `g i`. */
export class Keys {
  private goes = false

  commandOf(press: KeyPress): Command | null {
    if ((press.ctrlKey || press.metaKey) && press.code === 'KeyK') return 'palette'
    if (press.ctrlKey || press.metaKey || press.altKey) return null
    if (this.goes) {
      this.goes = false
      return afterG[press.code] ?? null
    }
    if (press.shiftKey) return shifted[press.code] ?? null
    if (press.code === 'KeyG') {
      this.goes = true
      return null
    }
    return plain[press.code] ?? null
  }
}

/** Whether the key is meant for a field, or for the syllable that is being composed in it. */
export function isForField(event: KeyboardEvent): boolean {
  if (event.isComposing || event.keyCode === 229) return true // 229: composing, in browsers that say so only there
  const target = event.target
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)
}
