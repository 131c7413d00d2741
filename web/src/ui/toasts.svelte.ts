// Short words at the edge of the screen, with one way to take back what they tell.

export interface Toast {
  id: number
  text: string
  kind: 'done' | 'trouble'
  action?: { label: string; run: () => void }
}

export class Toasts {
  list: Toast[] = $state([])
  private next = 1

  show(text: string, options: Partial<Pick<Toast, 'kind' | 'action'>> & { milliseconds?: number } = {}): () => void {
    const { kind = 'done', action, milliseconds = 6000 } = options
    const id = this.next++
    this.list = [...this.list.slice(-2), { id, text, kind, ...(action && { action }) }]
    const gone = (): void => void (this.list = this.list.filter((toast) => toast.id !== id))
    setTimeout(gone, milliseconds)
    return gone
  }
}
