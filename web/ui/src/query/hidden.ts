// Which series of a graph are hidden after a click in its legend.

// toggle: only the clicked one changes. Otherwise it is shown alone, or all again if it was alone.
export function nextHidden(
  hidden: ReadonlySet<number>, clicked: number, count: number, toggle: boolean,
): ReadonlySet<number> {
  if (toggle) {
    const next = new Set(hidden);
    if (!next.delete(clicked)) next.add(clicked);
    return next.size === count ? new Set() : next;
  }
  const alone = !hidden.has(clicked) && hidden.size === count - 1;
  if (alone) return new Set();
  return new Set(Array.from({ length: count }, (_, i) => i).filter((i) => i !== clicked));
}
