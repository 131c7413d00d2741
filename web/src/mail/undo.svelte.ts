// Everything that was done, and how it is undone; the last first.

export interface Deed {
  label: string
  undo: () => Promise<void>
}

const keep = 50

export class UndoStack {
  private deeds: Deed[] = []

  did(deed: Deed): void {
    this.deeds = [...this.deeds.slice(1 - keep), deed]
  }
  /** A deed that can't be undone any more (a letter that has left). */
  forget(deed: Deed): void {
    this.deeds = this.deeds.filter((other) => other !== deed)
  }
  async undo(deed: Deed | undefined = this.deeds.at(-1)): Promise<string | null> {
    if (deed === undefined || !this.deeds.includes(deed)) return null
    this.forget(deed)
    await deed.undo()
    return deed.label
  }
}
