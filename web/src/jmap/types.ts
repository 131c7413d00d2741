// The part of JMAP (RFC 8620, RFC 8621) that the agent speaks. Names are the standard's own.

export type Id = string
export type UtcDate = string

export interface Session {
  username: string
  apiUrl: string
  downloadUrl: string
  uploadUrl: string
  eventSourceUrl: string
  state: string
  accounts: Record<Id, { name: string; isPersonal: boolean; isReadOnly: boolean }>
  primaryAccounts: Record<string, Id>
  capabilities: Record<string, unknown>
}

export type Role = 'inbox' | 'archive' | 'drafts' | 'sent' | 'trash' | 'junk' | 'flagged' | 'important' | 'all'

export interface Mailbox {
  id: Id
  name: string
  parentId: Id | null
  role: Role | null
  sortOrder: number
  totalEmails: number
  unreadEmails: number
  totalThreads: number
  unreadThreads: number
  isSubscribed: boolean
  myRights: Record<string, boolean>
}

export interface Address {
  name: string | null
  email: string
}

export interface BodyPart {
  partId: string | null
  blobId: Id | null
  size: number
  name: string | null
  type: string
  charset: string | null
  disposition: string | null
  cid: string | null
}

export interface BodyValue {
  value: string
  isEncodingProblem: boolean
  isTruncated: boolean
}

/** What a row of a list shows. */
export interface EmailRow {
  id: Id
  threadId: Id
  mailboxIds: Record<Id, true>
  keywords: Record<string, true>
  receivedAt: UtcDate
  size: number
  from: Address[] | null
  to: Address[] | null
  subject: string | null
  preview: string
  hasAttachment: boolean
}

/** What reading a letter needs beside its row. */
export interface EmailBody {
  id: Id
  blobId: Id
  messageId: string[] | null
  inReplyTo: string[] | null
  references: string[] | null
  sentAt: string | null
  cc: Address[] | null
  bcc: Address[] | null
  replyTo: Address[] | null
  textBody: BodyPart[]
  htmlBody: BodyPart[]
  attachments: BodyPart[]
  bodyValues: Record<string, BodyValue>
}

export interface Identity {
  id: Id
  name: string
  email: string
  replyTo: Address[] | null
  bcc: Address[] | null
  textSignature: string
  htmlSignature: string
  mayDelete: boolean
}

export interface Condition {
  inMailbox?: Id
  inMailboxOtherThan?: Id[]
  before?: UtcDate
  after?: UtcDate
  minSize?: number
  maxSize?: number
  hasKeyword?: string
  notKeyword?: string
  hasAttachment?: boolean
  text?: string
  from?: string
  to?: string
  cc?: string
  bcc?: string
  subject?: string
  body?: string
  header?: [string] | [string, string]
}
export type Filter = Condition | { operator: 'AND' | 'OR' | 'NOT'; conditions: Filter[] }

export interface Sort {
  property: string
  isAscending?: boolean
  keyword?: string
}

export interface SetError {
  type: string
  description?: string
  properties?: string[]
}

export interface GetResponse<T> {
  accountId: Id
  state: string
  list: T[]
  notFound: Id[]
}
export interface QueryResponse {
  queryState: string
  canCalculateChanges: boolean
  position: number
  ids: Id[]
  total?: number
}
export interface ChangesResponse {
  oldState: string
  newState: string
  hasMoreChanges: boolean
  created: Id[]
  updated: Id[]
  destroyed: Id[]
}
export interface QueryChangesResponse {
  oldQueryState: string
  newQueryState: string
  total?: number
  removed: Id[]
  added: { id: Id; index: number }[]
}
export interface SetResponse<T = unknown> {
  oldState: string
  newState: string
  created: Record<Id, T> | null
  updated: Record<Id, unknown> | null
  destroyed: Id[] | null
  notCreated: Record<Id, SetError> | null
  notUpdated: Record<Id, SetError> | null
  notDestroyed: Record<Id, SetError> | null
}
