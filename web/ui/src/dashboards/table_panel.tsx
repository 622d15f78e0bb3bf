// A table of instant values: a column per label and per query.
import { useMemo, useState } from 'preact/hooks';
import { counted } from '../format/number';
import type { Panel } from './model';
import { colorOf, unitText } from './units';
import type { PanelState } from './use_panel';
import { joined, thresholdColor } from './values';

const shownLimit = 500;

export function TablePanel({ panel, state }: { panel: Panel; state: PanelState }) {
  const [sort, setSort] = useState<{ column: number; down: boolean } | null>(null);
  const answers = state.answers ?? [];
  const grid = useMemo(() => joined(answers.map(({ query, data }) => ({
    name: query.legend !== '' && !query.legend.includes('{{') ? query.legend : answers.length > 1 ? `Value ${query.name}` : 'Value',
    data,
  })), panel.calc), [state.answers]);
  const show = unitText(panel.unit, panel.decimals);
  const cells = grid.rows.map((row): (string | number | null)[] =>
    [...grid.labels.map((label) => row.labels[label] ?? ''), ...row.values]);
  if (sort !== null) {
    const sign = sort.down ? -1 : 1;
    cells.sort((a, b) => {
      const [x, y] = [a[sort.column] ?? -Infinity, b[sort.column] ?? -Infinity];
      return sign * (typeof x === 'string' ? x.localeCompare(String(y), 'en', { numeric: true }) : x - Number(y));
    });
  }
  return (
    <div class="dash-table">
      <table class="result">
        <thead>
          <tr>
            {[...grid.labels, ...grid.columns].map((name, column) => (
              <th key={column} scope="col" class={column >= grid.labels.length ? 'value' : ''}
                aria-sort={sort?.column !== column ? 'none' : sort.down ? 'descending' : 'ascending'}>
                <button type="button" onClick={() => setSort({ column, down: sort?.column === column ? !sort.down : true })}>
                  {name} {sort?.column === column ? (sort.down ? '↓' : '↑') : ''}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cells.slice(0, shownLimit).map((row, i) => (
            <tr key={i}>
              {row.map((cell, column) => {
                if (typeof cell === 'string') return <td key={column}>{cell}</td>;
                const color = cell === null ? '' : thresholdColor(panel.thresholds, cell);
                return (
                  <td key={column} class="value" style={color === '' || panel.thresholds.length < 2 ? undefined : { color: colorOf(color) }}>
                    {cell === null ? '' : show(cell)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {cells.length > shownLimit && <p class="muted">… and {counted(cells.length - shownLimit, 'more row')}</p>}
    </div>
  );
}
