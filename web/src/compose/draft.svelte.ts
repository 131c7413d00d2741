// A letter that is being written. It is saved to the server as it grows, so that nothing is lost with a tab or a machine,
// and sent from there.

import DOMPurify from 'dompurify'
import { JmapError, type JmapClient } from '../jmap/client'
import type { Address, BodyPart, EmailBody, EmailRow, GetResponse, Id, Identity, SetResponse } from '../jmap/types'
import { escapeHtml } from '../read/sanitise'
import { formatDate, t } from '../i18n/index.svelte'
import { answerSubject, formatAddress, referencesOf, replyTo } from './recipients'

export type Compose = { kind: 'new'; to?: Address[]; subject?: string } | { kind: 'reply' | 'replyAll' | 'forward' | 'draft'; id: Id }

export interface Attachment {
  key: number
  name: string
  type: string
  size: number
  sent: number
  blobId: Id | null
  /** In the text, by this Content-ID. */
  cid: string | null
  trouble: string | null
  abort: AbortController
}

const saveAfter = 1500 // milliseconds without a key
let nextKey = 1

export class Draft {
  to: Address[] = $state([])
  cc: Address[] = $state([])
  bcc: Address[] = $state([])
  subject = $state('')
  html = $state('')
  plain = $state(false)
  identity: Identity | undefined = $state.raw()
  attachments: Attachment[] = $state([])
  savedAt: Date | null = $state(null)
  trouble = $state('')

  private emailId: Id | null = null
  private inReplyTo: string[] | null = null
  private references: string[] | null = null
  private answered: { id: Id; keyword: '$answered' | '$forwarded' } | null = null
  private saving: Promise<void> = Promise.resolve()
  private timer: ReturnType<typeof setTimeout> | undefined
  private changedSince = false

  constructor(
    private readonly client: JmapClient,
    private readonly draftsId: Id,
    private readonly sentId: Id,
    identities: readonly Identity[],
  ) {
    this.identity = identities[0]
  }

  /** From what the writer asked for. */
  async begin(compose: Compose, identities: readonly Identity[]): Promise<void> {
    const signature = this.signature()
    if (compose.kind === 'new') {
      this.to = compose.to ?? []
      this.subject = compose.subject ?? ''
      this.html = signature
      return
    }
    const { list } = await this.client.call<GetResponse<EmailRow & EmailBody>>('Email/get', {
      ids: [compose.id],
      fetchTextBodyValues: true,
      fetchHTMLBodyValues: true,
      maxBodyValueBytes: 1_000_000,
    })
    const letter = list[0]
    if (letter === undefined) throw new Error(t('letterGone'))
    if (compose.kind === 'draft') this.resume(letter)
    else this.answer(letter, compose.kind, identities, signature)
  }

  private signature(): string {
    const { htmlSignature = '', textSignature = '' } = this.identity ?? {}
    const text = htmlSignature || escapeHtml(textSignature).replace(/\n/g, '<br>')
    return text === '' ? '<div><br></div>' : `<div><br></div><div class="signature">-- <br>${text}</div>`
  }

  private resume(letter: EmailRow & EmailBody): void {
    Object.assign(this, { to: letter.to ?? [], cc: letter.cc ?? [], bcc: letter.bcc ?? [], subject: letter.subject ?? '' })
    this.emailId = letter.id
    this.inReplyTo = letter.inReplyTo
    this.references = letter.references
    this.html = htmlOf(letter)
    this.attachments = letter.attachments.map(asAttachment)
  }

  private answer(letter: EmailRow & EmailBody, kind: 'reply' | 'replyAll' | 'forward', identities: readonly Identity[], signature: string): void {
    const mine = identities.map(({ email }) => email)
    // From the address that the letter came to.
    const addressed = [...(letter.to ?? []), ...(letter.cc ?? [])].map(({ email }) => email.toLowerCase())
    this.identity = identities.find(({ email }) => addressed.includes(email.toLowerCase())) ?? this.identity
    this.subject = answerSubject(letter.subject, kind === 'forward' ? 'forward' : 'reply')
    const when = formatDate(new Date(letter.sentAt ?? letter.receivedAt), 'full')
    const who = escapeHtml((letter.from ?? []).map(formatAddress).join(', '))
    if (kind === 'forward') {
      this.attachments = letter.attachments.map(asAttachment)
      const lines = [t('forwarded'), `${t('from')}: ${who}`, `${t('date')}: ${when}`, `${t('subject')}: ${escapeHtml(letter.subject ?? '')}`]
      this.html = `${signature}<div>${lines.join('<br>')}</div><br>${htmlOf(letter)}`
    } else {
      Object.assign(this, replyTo(letter, mine, kind === 'replyAll'))
      this.inReplyTo = letter.messageId
      this.references = referencesOf(letter)
      this.html = `${signature}<div>${escapeHtml(t('wrote', { when, who: '' }))}${who}:</div><blockquote type="cite">${htmlOf(letter)}</blockquote>`
    }
    this.answered = { id: letter.id, keyword: kind === 'forward' ? '$forwarded' : '$answered' }
  }

  get isEmpty(): boolean {
    return this.to.length + this.cc.length + this.bcc.length + this.attachments.length === 0 && this.subject === '' && textOf(this.html).trim() === ''
  }
  get isUploading(): boolean {
    return this.attachments.some(({ blobId, trouble }) => blobId === null && trouble === null)
  }
  get recipients(): Address[] {
    return [...this.to, ...this.cc, ...this.bcc]
  }

  /** Something was written. */
  changed(): void {
    this.changedSince = true
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.save().catch(() => undefined), saveAfter)
  }

  attach(file: File, cid: string | null = null): void {
    const attachment: Attachment = {
      key: nextKey++, name: file.name, type: file.type || 'application/octet-stream', size: file.size, sent: 0, blobId: null, cid, trouble: null, abort: new AbortController(),
    }
    this.attachments.push(attachment)
    void this.upload(this.attachments[this.attachments.length - 1] ?? attachment, file)
  }
  private async upload(attachment: Attachment, file: File): Promise<void> {
    try {
      const { blobId } = await this.client.upload(file, (sent) => (attachment.sent = sent), attachment.abort.signal)
      attachment.blobId = blobId
      this.changed()
    } catch (error) {
      attachment.trouble = error instanceof Error ? error.message : String(error)
    }
  }
  detach(attachment: Attachment): void {
    attachment.abort.abort()
    this.attachments = this.attachments.filter(({ key }) => key !== attachment.key)
    this.changed()
  }

  /** One save after the other, each with all that was written until it began. */
  save(): Promise<void> {
    clearTimeout(this.timer)
    this.saving = this.saving.catch(() => undefined).then(() => this.saveNow())
    return this.saving
  }
  private async saveNow(): Promise<void> {
    if (!this.changedSince && this.emailId !== null) return
    this.changedSince = false
    const old = this.emailId
    try {
      const { created, notCreated } = await this.client.call<SetResponse<{ id: Id }>>('Email/set', {
        create: { draft: this.asEmail() },
        ...(old !== null && { destroy: [old] }), // a letter does not change: the next one takes its place
      })
      const id = created?.['draft']?.id
      if (id === undefined) throw new JmapError('refused', 'notCreated', notCreated?.['draft']?.description ?? t('notSaved'))
      this.emailId = id
      this.savedAt = new Date()
      this.trouble = ''
    } catch (error) {
      this.changedSince = true
      this.trouble = error instanceof Error ? error.message : String(error)
      throw error
    }
  }

  private asEmail(): Record<string, unknown> {
    const text = { partId: 'text', type: 'text/plain' }
    const html = { partId: 'html', type: 'text/html' }
    return {
      mailboxIds: { [this.draftsId]: true },
      keywords: { $draft: true, $seen: true },
      from: this.identity === undefined ? null : [{ name: this.identity.name || null, email: this.identity.email }],
      to: this.to,
      cc: this.cc,
      bcc: this.bcc,
      subject: this.subject,
      ...(this.inReplyTo !== null && { inReplyTo: this.inReplyTo }),
      ...(this.references !== null && { references: this.references }),
      textBody: [text],
      ...(!this.plain && { htmlBody: [html] }),
      bodyValues: { text: { value: textOf(this.html) }, ...(!this.plain && { html: { value: `<!doctype html><html><body>${this.html}</body></html>` } }) },
      attachments: this.attachments
        .filter(({ blobId }) => blobId !== null)
        .map(({ blobId, name, type, cid }) => ({ blobId, name, type, cid, disposition: cid === null ? 'attachment' : 'inline' })),
    }
  }

  /** Hands it over for sending after so many seconds, in which it can be taken back. Durable when this returns. */
  async send(holdSeconds: number): Promise<{ submissionId: Id; emailId: Id }> {
    await this.save()
    const emailId = this.emailId
    if (emailId === null || this.identity === undefined) throw new Error(t('notSaved'))
    const { created, notCreated } = await this.client.call<SetResponse<{ id: Id }>>('EmailSubmission/set', {
      create: {
        send: {
          emailId,
          identityId: this.identity.id,
          envelope: {
            mailFrom: { email: this.identity.email, parameters: holdSeconds > 0 ? { HOLDFOR: String(holdSeconds) } : null },
            rcptTo: this.recipients.map(({ email }) => ({ email, parameters: null })),
          },
        },
      },
      onSuccessUpdateEmail: { '#send': { [`mailboxIds/${this.draftsId}`]: null, [`mailboxIds/${this.sentId}`]: true, 'keywords/$draft': null } },
    })
    const submissionId = created?.['send']?.id
    if (submissionId === undefined) throw new Error(notCreated?.['send']?.description ?? t('notSent'))
    if (this.answered !== null) {
      // The letter has gone whatever becomes of this mark.
      this.client.call('Email/set', { update: { [this.answered.id]: { [`keywords/${this.answered.keyword}`]: true } } }).catch(() => undefined)
    }
    return { submissionId, emailId }
  }

  /** Takes a letter back that waits, and makes it a draft again. */
  static async takeBack(client: JmapClient, submissionId: Id, emailId: Id, draftsId: Id, sentId: Id): Promise<void> {
    const { notUpdated } = await client.call<SetResponse>('EmailSubmission/set', { update: { [submissionId]: { undoStatus: 'canceled' } } })
    const refused = notUpdated?.[submissionId]
    if (refused !== undefined) throw new Error(refused.type === 'cannotUnsend' ? t('alreadyLeft') : (refused.description ?? refused.type))
    await client.call('Email/set', { update: { [emailId]: { [`mailboxIds/${draftsId}`]: true, [`mailboxIds/${sentId}`]: null, 'keywords/$draft': true } } })
  }

  async discard(): Promise<void> {
    clearTimeout(this.timer)
    this.changedSince = false
    await this.saving.catch(() => undefined)
    if (this.emailId !== null) await this.client.call('Email/set', { destroy: [this.emailId] })
  }
}

const asAttachment = (part: BodyPart): Attachment => ({
  key: nextKey++, name: part.name ?? t('unnamed'), type: part.type, size: part.size, sent: part.size, blobId: part.blobId,
  cid: part.disposition === 'inline' ? part.cid : null, trouble: null, abort: new AbortController(),
})

function htmlOf(letter: EmailBody): string {
  const part = letter.htmlBody[0] ?? letter.textBody[0]
  const value = part?.partId == null ? '' : (letter.bodyValues[part.partId]?.value ?? '')
  return part?.type === 'text/html' ? value : escapeHtml(value).replace(/\r?\n/g, '<br>')
}

/** What an agent without HTML reads. */
export function textOf(html: string): string {
  // Through the sanitiser, which may make nodes of text where Trusted Types are enforced.
  return textOfNode(DOMPurify.sanitize(html, { RETURN_DOM: true, FORBID_TAGS: ['style'] }))
}

/** Quotes are marked, lists keep their points. */
export function textOfNode(body: Node): string {
  const lines = blockText(body).replace(/\u00a0/g, ' ').replace(/[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n')
  return lines.trim() === '' ? '' : lines.replace(/^\n+|\n+$/g, '') + '\n'
}

function blockText(node: Node): string {
  let text = ''
  for (const child of node.childNodes) {
    if (child instanceof Text) text += child.data.replace(/\s+/g, ' ')
    if (!(child instanceof HTMLElement)) continue
    const inner = blockText(child)
    switch (child.tagName) {
      case 'BR':
        text += '\n'
        break
      case 'STYLE':
      case 'SCRIPT':
        break
      case 'BLOCKQUOTE':
        text += `\n${inner.trim().split('\n').map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`)).join('\n')}\n`
        break
      case 'LI':
        text += `\n${child.parentElement?.tagName === 'OL' ? `${[...child.parentElement.children].indexOf(child) + 1}.` : '-'} ${inner.trim()}`
        break
      case 'A': {
        const href = child.getAttribute('href') ?? ''
        text += /^https?:/i.test(href) && !inner.includes(href) ? `${inner} <${href}>` : inner
        break
      }
      default:
        text += /^(DIV|P|H[1-6]|UL|OL|TR|TABLE|PRE)$/.test(child.tagName) && text !== '' && !text.endsWith('\n') ? `\n${inner}` : inner
        if (/^(P|H[1-6]|TABLE)$/.test(child.tagName)) text += '\n'
    }
  }
  return text
}
