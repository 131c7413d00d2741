// Signing in and out. The session itself is a cookie that no script can read; what a script knows is the token that says
// "this page asked".

export type SignedIn = { csrfToken: string } | { why: string }

export async function currentSession(): Promise<{ csrfToken: string } | null> {
  const response = await fetch('/auth/session', { headers: { Accept: 'application/json' } })
  return response.ok ? { csrfToken: ((await response.json()) as { csrf: string }).csrf } : null
}

export async function signIn(name: string, password: string): Promise<SignedIn> {
  try {
    const response = await fetch('/auth/sign-in', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name, password }),
    })
    const answer = (await response.json()) as { csrf?: string; detail?: string }
    if (response.ok && answer.csrf !== undefined) return { csrfToken: answer.csrf }
    return { why: answer.detail ?? `The server answered ${response.status}.` }
  } catch {
    return { why: 'The server could not be reached.' }
  }
}

export async function signOut(csrfToken: string): Promise<void> {
  await fetch('/auth/sign-out', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken }, body: '{}' })
  location.assign('/')
}
