// The result of an instant query as rows. Values are shown as the server wrote them.
import { useMemo, useState } from 'preact/hooks';
import type { Histogram, Labels, MatrixItem, QueryData, VectorItem } from '../api/types';
import { useSettings } from '../base/settings';
import { formatInstant } from '../format/instant';
import { counted, sampleNumber } from '../format/number';
import { seriesName } from '../format/series_name';
import { Empty } from '../parts/states';
import { SeriesLabel } from '../parts/series_label';
import { HistogramCell } from './histogram_cell';

interface TableRow {
  labels: Labels;
  name: string;
  texts: [string, string?][]; // value, time (range selectors only)
  histogram?: Histogram;
  order: number;
}

const firstShown = 500;
const samplesShown = 50;

function vectorRow(item: VectorItem): TableRow {
  const histogram = item.histogram?.[1];
  const text = item.value?.[1] ?? '';
  return {
    labels: item.metric,
    name: seriesName(item.metric),
    texts: item.value !== undefined ? [[text]] : [],
    histogram,
    order: sampleNumber(histogram?.count ?? text),
  };
}

function matrixRow(item: MatrixItem, time: (seconds: number) => string): TableRow {
  const samples = item.values ?? [];
  const histograms = item.histograms ?? [];
  const texts: [string, string?][] = [
    ...samples.map(([t, text]): [string, string?] => [text, time(t)]),
    ...histograms.map(([t, h]): [string, string?] => [`{count: ${h.count}, sum: ${h.sum}}`, time(t)]),
  ];
  return {
    labels: item.metric,
    name: seriesName(item.metric),
    texts,
    order: sampleNumber(samples[samples.length - 1]?.[1] ?? ''),
  };
}

type Sort = 'none' | 'name' | 'up' | 'down';

function sorted(rows: TableRow[], sort: Sort): TableRow[] {
  if (sort === 'none') return rows;
  if (sort === 'name') return [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
  const sign = sort === 'up' ? 1 : -1;
  // NaN comes last either way.
  return [...rows].sort((a, b) =>
    Number.isNaN(a.order) ? 1 : Number.isNaN(b.order) ? -1 : sign * (a.order - b.order));
}

function ValueCell({ row }: { row: TableRow }) {
  if (row.histogram !== undefined) return <HistogramCell histogram={row.histogram} />;
  const shown = row.texts.slice(-samplesShown);
  return (
    <>
      {row.texts.length > shown.length && (
        <div class="muted">… {counted(row.texts.length - shown.length, 'earlier sample')}</div>
      )}
      {shown.map(([value, time], i) => (
        <div key={i}>
          {value}
          {time !== undefined && <span class="muted"> @ {time}</span>}
        </div>
      ))}
    </>
  );
}

export function TableView({ data }: { data: QueryData }) {
  const { timeZone } = useSettings();
  const [sort, setSort] = useState<Sort>('none');
  const [all, setAll] = useState(false);
  const rows = useMemo((): TableRow[] => {
    if (data.resultType === 'vector') return data.result.map(vectorRow);
    if (data.resultType === 'matrix') {
      return data.result.map((item) => matrixRow(item, (t) => formatInstant(t * 1000, timeZone)));
    }
    return [];
  }, [data, timeZone]);
  const ordered = useMemo(() => sorted(rows, sort), [rows, sort]);

  if (data.resultType === 'scalar' || data.resultType === 'string') {
    return (
      <p class="single-value">
        <span class="muted">{data.resultType}</span> {data.result[1]}
      </p>
    );
  }
  if (rows.length === 0) {
    return (
      <Empty title="No series matched">
        <p>The query is fine but its result is empty at this time. Check label values, or open the
          metrics explorer to see which names exist.</p>
      </Empty>
    );
  }
  const nextValueSort = sort === 'down' ? 'up' : sort === 'up' ? 'none' : 'down';
  const shown = all ? ordered : ordered.slice(0, firstShown);
  return (
    <>
      <table class="result">
        <thead>
          <tr>
            <th scope="col" aria-sort={sort === 'name' ? 'ascending' : 'none'}>
              <button type="button" onClick={() => setSort(sort === 'name' ? 'none' : 'name')}>
                Series {sort === 'name' ? '↑' : ''}
              </button>
            </th>
            <th scope="col" class="value"
              aria-sort={sort === 'up' ? 'ascending' : sort === 'down' ? 'descending' : 'none'}>
              <button type="button" onClick={() => setSort(nextValueSort)}>
                {sort === 'up' ? '↑' : sort === 'down' ? '↓' : ''} Value
              </button>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row, i) => (
            <tr key={i}>
              <td><SeriesLabel labels={row.labels} /></td>
              <td class="value"><ValueCell row={row} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {ordered.length > shown.length && (
        <button type="button" class="button more" onClick={() => setAll(true)}>
          Show all {counted(ordered.length, 'series', 'series')}
        </button>
      )}
    </>
  );
}
