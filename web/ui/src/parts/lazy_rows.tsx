// A long list of rows of any height: those far from the window are one empty block of their height.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface Props<T> {
  items: T[];
  rowHeight: number; // about; blocks that were shown keep the height they had
  row: (item: T, index: number) => ComponentChildren;
}

const blockRows = 20;

function Block<T>({ items, rowHeight, row, first, shown }: Props<T> & { first: number; shown: boolean }) {
  const element = useRef<HTMLLIElement>(null);
  const height = useRef(0);
  const [near, setNear] = useState(shown);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      const entry = entries[entries.length - 1];
      if (!entry.isIntersecting && entry.boundingClientRect.height > 0) height.current = entry.boundingClientRect.height;
      setNear(entry.isIntersecting);
    }, { rootMargin: '600px 0px' });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  const empty = height.current > 0 ? height.current : items.length * rowHeight;
  return (
    <li ref={element} class="lazy-block" style={near ? undefined : { height: `${empty}px` }}>
      {near && <ul>{items.map((item, i) => row(item, first + i))}</ul>}
    </li>
  );
}

export function LazyRows<T>({ items, rowHeight, row }: Props<T>) {
  const blocks = Array.from({ length: Math.ceil(items.length / blockRows) }, (_, i) => i * blockRows);
  return (
    <ul>
      {blocks.map((first) => (
        <Block key={first} items={items.slice(first, first + blockRows)} rowHeight={rowHeight} row={row} first={first} shown={first === 0} />
      ))}
    </ul>
  );
}
