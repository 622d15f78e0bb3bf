// What the server does for a query that takes longer than a moment.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { RunningQuery } from '../api/types';
import { humanDuration } from '../format/duration';
import { byteSize, counted } from '../format/number';

const askEveryMs = 700;

export function LiveProgress({ expr, onStop }: { expr: string; onStop: () => void }) {
  const [query, setQuery] = useState<RunningQuery | null>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      get<{ queries: RunningQuery[] }>('status/queries').then(
        ({ data }) => setQuery(data.queries.find((other) => other.query === expr) ?? null),
        () => setQuery(null),
      );
    }, askEveryMs);
    return () => clearInterval(timer);
  }, [expr]);
  return (
    <p class="live" role="status">
      {query !== null && (
        <>
          <span>{query.state} for {humanDuration(query.ageSeconds)}</span>
          <span>{counted(query.samples, 'sample')}</span>
          <span>{byteSize(query.memoryBytes)}</span>
          <button type="button" class="button" onClick={onStop}>Stop</button>
        </>
      )}
    </p>
  );
}
