// Where the page lives, and moving between its views without reloading.
// Every view is one path segment deep, so the folder of the first URL is the base under any prefix.
import { useEffect, useState } from 'preact/hooks';

export const baseUrl = new URL('.', window.location.href).href.replace(/[?#].*$/, '');

// "query" for /prefix/query?…; "" for /prefix/.
export function currentView(): string {
  return decodeURIComponent(window.location.pathname.split('/').pop() ?? '');
}

export function viewHref(view: string, search = ''): string {
  return baseUrl + view + search;
}

const moved = new EventTarget();

export function navigate(view: string, search = ''): void {
  const href = viewHref(view, search);
  if (href !== window.location.href) window.history.pushState(null, '', href);
  moved.dispatchEvent(new Event('move'));
}

// Rewrites the address without a new entry in the browser's history and without telling the views.
export function replaceAddress(view: string, search: string): void {
  window.history.replaceState(null, '', viewHref(view, search));
}

export function pushAddress(view: string, search: string): void {
  const href = viewHref(view, search);
  if (href !== window.location.href) window.history.pushState(null, '', href);
}

// The view of the moment and a number that changes with every move by link, back or forward.
export function useLocation(): { view: string; moves: number } {
  const [state, setState] = useState({ view: currentView(), moves: 0 });
  useEffect(() => {
    const update = () => setState((old) => ({ view: currentView(), moves: old.moves + 1 }));
    window.addEventListener('popstate', update);
    moved.addEventListener('move', update);
    return () => {
      window.removeEventListener('popstate', update);
      moved.removeEventListener('move', update);
    };
  }, []);
  return state;
}

// For links: a plain click moves inside the page, anything else is the browser's.
export function followInside(event: MouseEvent, view: string, search = ''): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(view, search);
}
