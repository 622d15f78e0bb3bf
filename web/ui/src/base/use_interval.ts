// Does something every so often while the page is looked at.
import { useEffect, useRef } from 'preact/hooks';

export function useInterval(what: () => void, milliseconds: number): void {
  const latest = useRef(what);
  latest.current = what;
  useEffect(() => {
    if (milliseconds <= 0) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
