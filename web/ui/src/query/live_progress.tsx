// What the server does for a query that takes longer than a moment.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { RunningQuery } from '../api/types';
import { humanDuration } from '../format/duration';
import { byteSize, counted } from '../format/number';
import { PlanTable } from './explain_view';

const askEveryMs = 700;

// The query as the server has it at this moment; with its plan, what each operator has done so far.
function useRunning(expr: string, withPlan: boolean): RunningQuery | null {
  const [query, setQuery] = useState<RunningQuery | null>(null);
  useEffect(() => {
    let shown = true;
    const ask = async () => {
      const { data } = await get<{ queries: RunningQuery[] }>('status/queries');
      const found = data.queries.find((other) => other.query === expr) ?? null;
      if (found === null || !withPlan) return found;
      return (await get<RunningQuery>(`status/queries/${found.id}`)).data;
    };
    const show = (found: RunningQuery | null) => {
      if (shown) setQuery(found);
    };
    const timer = setInterval(() => ask().then(show, () => show(null)), askEveryMs);
    return () => {
      shown = false;
      clearInterval(timer);
    };
  }, [expr, withPlan]);
  return query;
}

export function LiveProgress({ expr, onStop }: { expr: string; onStop: () => void }) {
  const query = useRunning(expr, false);
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

// The children stand in its place until there is something to show.
export function LivePlan({ expr, children }: { expr: string; children: ComponentChildren }) {
  const plan = useRunning(expr, true)?.explain;
  return plan === undefined ? <>{children}</> : <PlanTable plan={plan} live />;
}
