// Where the agent stands, as the address bar says it: every screen has a URL, and "back" works.

export type Place =
  | { screen: 'mail'; box: string; thread: string | null }
  | { screen: 'search'; text: string; thread: string | null }
  | { screen: 'journey'; id: string }
  | { screen: 'settings'; page: string }
  | { screen: 'admin'; page: string; name: string | null }

export function parsePlace(url: URL): Place {
  const [screen, first, second] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  switch (screen) {
    case 'search':
      return { screen, text: url.searchParams.get('q') ?? '', thread: first ?? null }
    case 'journey':
      return { screen, id: first ?? '' }
    case 'settings':
      return { screen, page: first ?? 'look' }
    case 'admin':
      return { screen, page: first ?? 'today', name: second ?? null }
    default:
      return { screen: 'mail', box: screen === 'mail' ? (first ?? 'inbox') : 'inbox', thread: screen === 'mail' ? (second ?? null) : null }
  }
}

export function urlOf(place: Place): string {
  const path = (...parts: (string | null)[]): string =>
    `/${parts.filter((part): part is string => part !== null && part !== '').map(encodeURIComponent).join('/')}`
  switch (place.screen) {
    case 'mail':
      return path('mail', place.box, place.thread)
    case 'search':
      return `${path('search', place.thread)}?q=${encodeURIComponent(place.text)}`
    case 'journey':
      return path('journey', place.id)
    case 'settings':
      return path('settings', place.page)
    case 'admin':
      return path('admin', place.page, place.name)
  }
}

export class Router {
  place: Place = $state(parsePlace(new URL(location.href)))

  constructor() {
    addEventListener('popstate', () => (this.place = parsePlace(new URL(location.href))))
  }
  go(place: Place, how: 'push' | 'replace' = 'push'): void {
    this.place = place
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', urlOf(place))
  }
}
