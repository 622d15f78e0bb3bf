// What each operator of a query did and cost, or has so far; the dearest one is marked.
import { useMemo } from 'preact/hooks';
import type { PlanNode } from '../api/types';
import { humanDuration } from '../format/duration';
import { byteSize, counted, grouped } from '../format/number';
import { Empty } from '../parts/states';
import { type PlanRow, planRows } from './explain';
import type { QueryAnswer } from './use_query';

function Branch({ row }: { row: PlanRow }) {
  return (
    <span class="plan-branch" aria-hidden="true">
      {row.trunk.slice(1).map((goesOn, i) => <i key={i} class={goesOn ? 'line' : ''} />)}
      {row.depth > 0 && <i class={row.last ? 'line corner' : 'line tee'} />}
    </span>
  );
}

function PlanLine({ row, dearest, live }: { row: PlanRow; dearest: boolean; live: boolean }) {
  const { node } = row;
  const series = live && node.rows < node.series ? `${grouped(node.rows)} of ${grouped(node.series)}`
    : grouped(node.series);
  return (
    <tr class={dearest ? 'dearest' : ''}>
      <td>
        <div class="plan-operator">
          <Branch row={row} />
          <span class="plan-text">
            <b>{node.operator}</b> <code>{node.expr}</code>
            {(node.notes ?? []).map((note) => <span key={note} class="badge">{note}</span>)}
          </span>
        </div>
      </td>
      <td class="value plan-time">
        <span class="plan-bar" style={{ width: `${100 * row.share}%` }} />
        <span>{humanDuration(node.seconds)}</span>
      </td>
      <td class="value">{series}</td>
      <td class="value">{grouped(node.samples)}</td>
      <td class="value">{byteSize(node.memoryBytes)}</td>
    </tr>
  );
}

// live: the query runs, the numbers are those so far.
export function PlanTable({ plan, live = false }: { plan: PlanNode; live?: boolean }) {
  const rows = useMemo(() => planRows(plan), [plan]);
  const seconds = rows.reduce((sum, { node }) => sum + node.seconds, 0);
  const samples = rows.reduce((sum, { node }) => sum + node.samples, 0);
  const dearest = rows.reduce((best, row) => (row.share > best.share ? row : best));
  return (
    <>
      <p class="plan-sum">
        {live ? 'So far ' : ''}{counted(rows.length, 'operator')} took {humanDuration(seconds)} of all threads at{' '}
        {counted(plan.steps, 'step')} and read {counted(samples, 'sample')}. The dearest is{' '}
        <b>{dearest.node.operator}</b> with {Math.round(100 * dearest.share)} %.
      </p>
      <div class="wide-table">
        <table class={live ? 'result plan live-plan' : 'result plan'}>
          <thead>
            <tr>
              <th scope="col">Operator</th>
              <th scope="col" class="value">Time</th>
              <th scope="col" class="value">Series</th>
              <th scope="col" class="value">Samples</th>
              <th scope="col" class="value">Memory</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <PlanLine key={i} row={row} dearest={row === dearest && row.share > 0.4} live={live} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

export function ExplainView({ answer }: { answer: QueryAnswer }) {
  const plan: PlanNode | undefined = answer.data.explain;
  if (plan === undefined) {
    return (
      <Empty title="There is no plan">
        <p>A number or a text alone takes no operator; ask for a series.</p>
      </Empty>
    );
  }
  return <PlanTable plan={plan} />;
}
