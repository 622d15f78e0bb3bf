// The series of a graph by colour and dash; labels that all share are told once. Click shows one alone, Ctrl/Cmd-click hides or shows one.
import { useMemo, useState } from 'preact/hooks';
import type { Labels } from '../api/types';
import { counted } from '../format/number';
import { seriesName } from '../format/series_name';
import { SeriesLabel } from '../parts/series_label';
import { nextHidden } from './hidden';
import { splitShared } from './shared_labels';
import { lineStyle } from './palette';

interface Props {
  labels: Labels[];
  hidden: ReadonlySet<number>;
  dark: boolean;
  onHidden: (hidden: ReadonlySet<number>) => void;
  onEmphasis: (series: number | null) => void;
}

const firstShown = 40;

export function Swatch({ index, dark }: { index: number; dark: boolean }) {
  const style = lineStyle(index, dark);
  return (
    <svg class="swatch" viewBox="0 0 20 10" aria-hidden="true" data-color={style.color}>
      <line x1="0" y1="5" x2="20" y2="5" stroke={style.color} stroke-width="3"
        stroke-dasharray={style.dash.map((length) => length * 0.8).join(' ') || undefined} />
    </svg>
  );
}

export function Legend({ labels, hidden, dark, onHidden, onEmphasis }: Props) {
  const [all, setAll] = useState(false);
  const { shared, own } = useMemo(() => splitShared(labels), [labels]);
  const shown = all ? own : own.slice(0, firstShown);
  return (
    <div class="legend" onMouseLeave={() => onEmphasis(null)}>
      {Object.keys(shared).length > 0 && (
        <p class="legend-shared"><span class="muted">All have</span> <SeriesLabel labels={shared} /></p>
      )}
      {shown.map((series, i) => (
        <button key={i} type="button" class={`legend-item ${hidden.has(i) ? 'off' : ''}`}
          aria-pressed={!hidden.has(i)}
          title={`${seriesName(labels[i])}\nClick: only this one. Ctrl-click: hide or show it.`}
          onMouseEnter={() => onEmphasis(i)}
          onClick={(event) =>
            onHidden(nextHidden(hidden, i, labels.length, event.ctrlKey || event.metaKey || event.shiftKey))}>
          <Swatch index={i} dark={dark} />
          <SeriesLabel labels={series} />
        </button>
      ))}
      {labels.length > firstShown && (
        <button type="button" class="button ghost legend-more" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${counted(labels.length, 'series', 'series')}`}
        </button>
      )}
    </div>
  );
}
